<?php
// AsyncAws: `client.php start BUCKET NAME` and `client.php get JOBID` print one line.
require 'AsyncAws/Core/autoload.php';

use AsyncAws\Core\AbstractApi;
use AsyncAws\Core\Exception\Http\HttpException;
use AsyncAws\Core\Request;
use AsyncAws\Core\RequestContext;
use AsyncAws\Core\Stream\StringStream;

class Rekognition extends AbstractApi
{
    public function call(string $operation, array $members): array
    {
        $headers = ['X-Amz-Target' => "RekognitionService.$operation", 'Content-Type' => 'application/x-amz-json-1.1'];
        $body = StringStream::create(json_encode($members));
        $request = new Request('POST', '/', [], $headers, $body);
        return $this->getResponse($request, new RequestContext(['operation' => $operation]))->toArray();
    }

    protected function getServiceCode(): string { return 'rekognition'; }

    protected function getSignatureVersion(): string { return 'v4'; }

    protected function getSignatureScopeName(): string { return 'rekognition'; }
}

$client = new Rekognition(['endpoint' => getenv('AWS_ENDPOINT_URL_REKOGNITION'), 'region' => 'eu-west-1']);
try {
    if ($argv[1] === 'start') {
        $video = ['S3Object' => ['Bucket' => $argv[2], 'Name' => $argv[3]]];
        echo $client->call('StartPersonTracking', ['Video' => $video])['JobId'], "\n";
    } else {
        $answer = $client->call('GetPersonTracking', ['JobId' => $argv[2]]);
        echo $answer['JobStatus'], ' ', count($answer['Persons']), "\n";
    }
} catch (HttpException $error) {
    echo $error->getAwsCode(), ' ', $error->getAwsMessage(), "\n";
}
