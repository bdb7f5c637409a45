// A photo goes by tus: in pieces, resumed where the line was cut. Requests go by fetch, which a service worker has too.
import { DetailedError, Upload, type HttpRequest, type HttpResponse, type HttpStack } from 'tus-js-client';
import { failureOf, type Failure } from '../api/answer';
import { Deadline } from '../api/deadline';
import type { Environment } from '../environment';
import type { QueuedPhoto } from './items';

const endpoint = '/v1/uploads';
const pieceBytes = 512 * 1024;
const pieceTimeoutMs = 120_000;

class FetchRequest implements HttpRequest {
  #headers: Record<string, string> = {};
  #deadline: Deadline | null = null;
  constructor(
    private readonly fetchOf: typeof fetch,
    private readonly method: string,
    private readonly url: string,
  ) {}
  getMethod = () => this.method;
  getURL = () => this.url;
  setHeader = (name: string, value: string) => {
    this.#headers[name] = value;
  };
  getHeader = (name: string) => this.#headers[name];
  setProgressHandler = () => undefined;
  getUnderlyingObject = () => null;
  abort = async () => this.#deadline?.abort();
  send = async (body: Blob | null = null): Promise<HttpResponse> => {
    const deadline = (this.#deadline = new Deadline(pieceTimeoutMs));
    try {
      const response = await this.fetchOf(this.url, { method: this.method, headers: this.#headers, body, signal: deadline.signal, cache: 'no-store', credentials: 'omit' });
      const text = await response.text();
      return {
        getStatus: () => response.status,
        getHeader: (name) => response.headers.get(name) ?? undefined,
        getBody: () => text,
        getUnderlyingObject: () => response,
      };
    } finally {
      deadline.end();
    }
  };
}

const stackOf = (fetchOf: typeof fetch): HttpStack => ({
  createRequest: (method, url) => new FetchRequest(fetchOf, method, url),
  getName: () => 'fetch',
});

function failureFrom(error: Error | DetailedError, now: number): Failure {
  const response = error instanceof DetailedError ? error.originalResponse : null;
  if (!response || response.getStatus() === 0) return { kind: 'offline' };
  if (response.getStatus() < 400) return { kind: 'portal', status: response.getStatus() };
  return failureOf(response.getStatus(), (name) => response.getHeader(name) ?? null, response.getBody(), now);
}

async function rememberUrl(env: Environment, id: string, url: string | null): Promise<void> {
  const tx = env.db.transaction('photos', 'readwrite');
  const photo = await tx.store.get(id);
  if (photo) await tx.store.put({ ...photo, upload_url: url });
  await tx.done;
}

export async function putPhoto(env: Environment, photo: QueuedPhoto, token: string, moved: () => void): Promise<Failure | null> {
  const language = await env.language();
  return new Promise((resolve) => {
    const metadata: Record<string, string> = { photo_id: photo.id };
    if (photo.report_id) metadata['report_id'] = photo.report_id;
    else if (photo.task_id) metadata['task_id'] = photo.task_id;
    const upload = new Upload(photo.blob, {
      endpoint: new URL(endpoint, location.origin).href,
      // A first try creates; a later one asks how far it came, and creates when the server knows nothing of it.
      ...(photo.upload_url ? { uploadUrl: photo.upload_url } : {}),
      metadata,
      chunkSize: pieceBytes,
      retryDelays: null,
      storeFingerprintForResuming: false,
      headers: { authorization: `Bearer ${token}`, 'accept-language': language },
      httpStack: stackOf(env.fetch),
      // Kept before the first byte goes: a page that dies now goes on there.
      onUploadUrlAvailable: () => rememberUrl(env, photo.id, upload.url),
      onChunkComplete: () => moved(),
      onSuccess: () => resolve(null),
      onError: (error) => resolve(failureFrom(error, env.now())),
    });
    upload.start();
  });
}
