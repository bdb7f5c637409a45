/** The code in what was typed, pasted or scanned: the QR code holds `{"url", "code"}`. Pure. */
export function codeOf(text: string): string {
  const trimmed = text.trim();
  try {
    const value: unknown = JSON.parse(trimmed);
    if (typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string') return value.code.trim();
  } catch {
    // Typed by hand.
  }
  return trimmed.toUpperCase();
}
