// The AWS SDK for JavaScript, version 3: `node v3.mjs start|get|pages JSON` prints JSON.
import {
  GetPersonTrackingCommand,
  RekognitionClient,
  StartPersonTrackingCommand,
  paginateGetPersonTracking,
} from "@aws-sdk/client-rekognition";

const client = new RekognitionClient({ region: "eu-west-1", maxAttempts: 1 });

const actions = {
  start: (members) => client.send(new StartPersonTrackingCommand(members)),
  get: (members) => client.send(new GetPersonTrackingCommand(members)),
  pages: async ({ pageSize, ...members }) => {
    const pages = [];
    for await (const page of paginateGetPersonTracking({ client, pageSize }, members)) pages.push(page);
    return pages;
  },
};

const [action, members] = process.argv.slice(2);
try {
  console.log(JSON.stringify(await actions[action](JSON.parse(members))));
} catch (error) {
  console.log(JSON.stringify({ error: error.name, message: error.message }));
}
