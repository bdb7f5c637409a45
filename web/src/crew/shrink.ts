// A tablet's photo of 5 MB goes through a bad network as 500 kB: what the server keeps is 1600 px wide anyway.

const longestSide = 2048;
const fineBytes = 1_000_000;

export async function shrink(file: Blob): Promise<Blob> {
  if (file.size <= fineBytes && file.type === 'image/jpeg') return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' });
    const scale = Math.min(1, longestSide / Math.max(picture.width, picture.height));
    const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const small = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
    return small.size < file.size ? small : file;
  } catch {
    // A format that this browser does not read; the server may.
    return file;
  }
}
