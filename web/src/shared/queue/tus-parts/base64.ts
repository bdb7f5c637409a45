// tus-js-client's metadata are ids here: the browser's own encoder does.
export const Base64 = { encode: (text: string) => btoa(text) };
