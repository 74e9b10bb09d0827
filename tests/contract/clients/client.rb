# The signer of the AWS SDK for Ruby: `client.rb start BUCKET NAME` and `client.rb get JOBID`
# print one line.
require "aws-sigv4"
require "json"
require "net/http"

def call(operation, members)
  url = URI(ENV.fetch("AWS_ENDPOINT_URL_REKOGNITION"))
  headers = { "x-amz-target" => "RekognitionService.#{operation}", "content-type" => "application/x-amz-json-1.1" }
  body = JSON.generate(members)
  signer = Aws::Sigv4::Signer.new(
    service: "rekognition", region: "eu-west-1",
    access_key_id: ENV.fetch("AWS_ACCESS_KEY_ID"), secret_access_key: ENV.fetch("AWS_SECRET_ACCESS_KEY")
  )
  signed = signer.sign_request(http_method: "POST", url: url, headers: headers, body: body)
  JSON.parse(Net::HTTP.post(url, body, headers.merge(signed.headers)).body)
end

answer =
  if ARGV[0] == "start"
    call("StartPersonTracking", { Video: { S3Object: { Bucket: ARGV[1], Name: ARGV[2] } } })
  else
    call("GetPersonTracking", { JobId: ARGV[1] })
  end
if answer.key?("__type")
  puts "#{answer["__type"]} #{answer["Message"]}"
else
  puts answer["Persons"] ? "#{answer["JobStatus"]} #{answer["Persons"].size}" : answer["JobId"]
end
