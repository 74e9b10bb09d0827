# curl: `client.sh start BUCKET NAME` and `client.sh get JOBID` print the answer.
call() {
  curl --silent --aws-sigv4 aws:amz:eu-west-1:rekognition \
    --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    --header "X-Amz-Target: RekognitionService.$1" \
    --header 'Content-Type: application/x-amz-json-1.1' \
    --data "$2" "$AWS_ENDPOINT_URL_REKOGNITION/"
}
case $1 in
  start) call StartPersonTracking "{\"Video\":{\"S3Object\":{\"Bucket\":\"$2\",\"Name\":\"$3\"}}}" ;;
  get) call GetPersonTracking "{\"JobId\":\"$2\"}" ;;
esac
