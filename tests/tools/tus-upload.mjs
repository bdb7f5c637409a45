// Uploads a file by tus-js-client, cut off half way and gone on with: tus-upload.mjs URL TOKEN TASK PHOTO FILE.
import { createReadStream, statSync } from 'node:fs';
import { createRequire } from 'node:module';

const tools = createRequire(process.env.TOOLS + '/package.json');
const { Upload } = tools('tus-js-client');
const [url, token, task, photo, path] = process.argv.slice(2);
const common = {
  endpoint: url,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { photo_id: photo, task_id: task },
  uploadSize: statSync(path).size,
  chunkSize: 10_000,
  retryDelays: null,
};

const address = await new Promise((resolve, reject) => {
  const upload = new Upload(createReadStream(path), {
    ...common,
    onChunkComplete: () => upload.abort().then(() => resolve(upload.url), reject),
    onError: reject,
  });
  upload.start();
});
await new Promise((resolve, reject) => {
  const upload = new Upload(createReadStream(path), { ...common, uploadUrl: address, onSuccess: resolve, onError: reject });
  upload.start();
});
console.log(address);
