// What a page of another origin does with the SDK, version 3: bundled by esbuild for a browser.
import {
  GetPersonTrackingCommand,
  RekognitionClient,
  StartPersonTrackingCommand,
} from "@aws-sdk/client-rekognition";

const commands = { start: StartPersonTrackingCommand, get: GetPersonTrackingCommand };

globalThis.ask = async (endpoint, accessKeyId, secretAccessKey, action, members) => {
  const credentials = { accessKeyId, secretAccessKey };
  const client = new RekognitionClient({ region: "eu-west-1", endpoint, credentials });
  try {
    const { $metadata, ...answer } = await client.send(new commands[action](members));
    return { answer, requestId: $metadata.requestId, attempts: $metadata.attempts };
  } catch (error) {
    return { error: error.name, message: error.message, requestId: error.$metadata?.requestId };
  }
};
