// The AWS SDK for Go, version 1: `client start BUCKET NAME` and `client get JOBID` print one line.
package main

import (
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go/aws"
	"github.com/aws/aws-sdk-go/aws/awserr"
	"github.com/aws/aws-sdk-go/aws/session"
	"github.com/aws/aws-sdk-go/service/rekognition"
)

func main() {
	client := rekognition.New(session.Must(session.NewSession(&aws.Config{
		Region:   aws.String("eu-west-1"),
		Endpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_REKOGNITION")),
	})))
	if os.Args[1] == "start" {
		object := &rekognition.S3Object{Bucket: &os.Args[2], Name: &os.Args[3]}
		answer, err := client.StartPersonTracking(&rekognition.StartPersonTrackingInput{
			Video: &rekognition.Video{S3Object: object},
		})
		end(err)
		fmt.Println(*answer.JobId)
		return
	}
	answer, err := client.GetPersonTracking(&rekognition.GetPersonTrackingInput{JobId: &os.Args[2]})
	end(err)
	fmt.Println(*answer.JobStatus, len(answer.Persons))
}

func end(err error) {
	if err != nil {
		fmt.Println(err.(awserr.Error).Code(), err.(awserr.Error).Message())
		os.Exit(0)
	}
}
