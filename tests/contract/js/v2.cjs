// The AWS SDK for JavaScript, version 2: `node v2.cjs start|get|pages JSON` prints JSON.
const AWS = require("aws-sdk");

const client = new AWS.Rekognition({
  region: "eu-west-1",
  endpoint: process.env.AWS_ENDPOINT_URL_REKOGNITION,
  maxRetries: 0,
});

const actions = {
  start: (members) => client.startPersonTracking(members).promise(),
  get: (members) => client.getPersonTracking(members).promise(),
  pages: async ({ pageSize, ...members }) => {
    const pages = [];
    let page = { NextToken: "" };
    do {
      const asked = { ...members, MaxResults: pageSize, NextToken: page.NextToken };
      page = await client.getPersonTracking(asked).promise();
      pages.push(page);
    } while (page.NextToken);
    return pages;
  },
};

const [action, members] = process.argv.slice(2);
actions[action](JSON.parse(members)).then(
  (answer) => console.log(JSON.stringify(answer)),
  (error) => console.log(JSON.stringify({ error: error.code, message: error.message })),
);
