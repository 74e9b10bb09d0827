# Net::Amazon::Signature::V4: `client.pl start BUCKET NAME` and `client.pl get JOBID` print one line.
use strict;
use warnings;
use HTTP::Request;
use JSON::PP;
use LWP::UserAgent;
use Net::Amazon::Signature::V4;

sub call {
    my ($operation, $members) = @_;
    my $request = HTTP::Request->new(POST => $ENV{AWS_ENDPOINT_URL_REKOGNITION});
    $request->header('X-Amz-Target' => "RekognitionService.$operation");
    $request->header('Content-Type' => 'application/x-amz-json-1.1');
    $request->header('Host' => $request->uri->host_port);
    $request->content(encode_json($members));
    my $signer = Net::Amazon::Signature::V4->new(
        $ENV{AWS_ACCESS_KEY_ID}, $ENV{AWS_SECRET_ACCESS_KEY}, 'eu-west-1', 'rekognition');
    return decode_json(LWP::UserAgent->new->request($signer->sign($request))->content);
}

my ($action, @given) = @ARGV;
my $answer = $action eq 'start'
    ? call('StartPersonTracking', {Video => {S3Object => {Bucket => $given[0], Name => $given[1]}}})
    : call('GetPersonTracking', {JobId => $given[0]});
if ($answer->{__type}) {
    print "$answer->{__type} $answer->{Message}\n";
} else {
    print $answer->{Persons}
        ? "$answer->{JobStatus} " . @{$answer->{Persons}} . "\n"
        : "$answer->{JobId}\n";
}
