"""Define all errors of the outside world as one tree.

PasserbyError
├── VideoError
│   ├── UnsupportedVideo      no video in it, or none that can be decoded
│   ├── DamagedVideo          a video, but no frame of it could be used
│   ├── VideoTooLong          longer than this installation takes
│   └── VideoGone             it was there at first, and vanished or changed
├── ObjectError
│   ├── ObjectNotFound        no such bucket, key or version
│   └── ObjectForbidden       there may be one, but not for this caller
├── StoreUnreachable          the object store, or a shared folder, does not answer, or not now
├── TooLittleSpace            the disk is full, or would be
├── ModelError                network file missing, damaged or of an unknown family
├── JobError
│   ├── JobNotFound
│   ├── JobStillOpen          it would have to end first
│   ├── VideoNotUploaded      its video is not ours to delete
│   ├── JobFailed             the job of a service ended badly, told to its client
│   ├── JobCancelled          raised inside a job that was asked to stop
│   ├── LeaseLost             raised inside a job that is no longer this worker's
│   ├── TooManyOpenJobs
│   ├── TooManyOrders         of artifacts, by one account
│   └── TokenReused           same client request token, another request
├── DeliveryError             a message could not be delivered, this time
│   └── NowhereToSend         there is no destination for it
├── ForwardingError           the endpoint of other operations gave no whole answer in time
├── EngineError               the processes or machines that analyse shards keep dying
├── FileFormatError           a detection, track or settings file that cannot be read
├── PlacesError               zones, lines or a floor that make no sense
└── SettingsError

The docstring of a class is its default message. A caller's mistake in code is a
`ValueError`, never one of these.
"""


class PasserbyError(Exception):
    """Something failed outside of passerby's control."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or type(self).__doc__)


class VideoError(PasserbyError):
    """The video cannot be used."""


class UnsupportedVideo(VideoError):
    """Unsupported codec/format."""


class DamagedVideo(VideoError):
    """The video is damaged: no frame of it could be decoded."""


class VideoTooLong(VideoError):
    """The video is too long."""


class VideoGone(VideoError):
    """The video disappeared or changed while it was being analysed."""


class ObjectError(PasserbyError):
    """The object cannot be read."""

    def __init__(self, message: str | None = None, *, in_folder: bool = False) -> None:
        super().__init__(message)
        self.in_folder = in_folder  # whether it was looked for in a folder, not in a store


class ObjectNotFound(ObjectError):
    """There is no such bucket, object or version."""


class ObjectForbidden(ObjectError):
    """Reading this object is not allowed."""


class StoreUnreachable(PasserbyError):
    """The object store cannot be reached."""


class TooLittleSpace(PasserbyError):
    """There is too little space on disk."""


class ModelError(PasserbyError):
    """The network file is missing, damaged or of an unknown family."""


class JobError(PasserbyError):
    """The job cannot be continued."""


class JobNotFound(JobError):
    """There is no such job."""


class JobStillOpen(JobError):
    """The job waits or runs: cancel it first."""


class VideoNotUploaded(JobError):
    """The video was not uploaded in the console: delete it where it lies."""


class JobFailed(JobError):
    """The job failed."""

    def __init__(self, message: str | None = None, *, status_message: str = "") -> None:
        super().__init__(message)
        self.status_message = status_message  # of the service; "" where it said nothing


class JobCancelled(JobError):
    """Cancelled on request."""


class LeaseLost(JobError):
    """The job now belongs to another worker."""


class TooManyOrders(JobError):
    """Too many files are being made for this account. Wait for some."""


class TooManyOpenJobs(JobError):
    """Too many jobs are open for this account."""

    def __init__(self, message: str | None = None, *, open_jobs: int = 0) -> None:
        super().__init__(message)
        self.open_jobs = open_jobs  # that the account has already


class TokenReused(JobError):
    """The client request token belongs to another request."""


class DeliveryError(PasserbyError):
    """The message could not be delivered."""


class NowhereToSend(DeliveryError):
    """There is nowhere to send the message."""


class ForwardingError(PasserbyError):
    """The other endpoint did not answer."""


class EngineError(PasserbyError):
    """The processes that analyse the video keep dying."""


class FileFormatError(PasserbyError):
    """The file does not have the expected form."""


class PlacesError(PasserbyError):
    """Zones, lines or the floor make no sense."""


class SettingsError(PasserbyError):
    """A setting has an impossible value."""
