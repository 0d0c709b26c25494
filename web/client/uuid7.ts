/** UUIDv7 (RFC 9562, 5.7): 48 bits of time, then chance. Unique for ever without a counter. */
export function uuid7(milliseconds: number, random: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(random.subarray(0, 10), 6);
  let time = Math.floor(milliseconds);
  for (let index = 5; index >= 0; index--) {
    bytes[index] = time % 256; // no shifts: the time has more than 32 bits
    time = Math.floor(time / 256);
  }
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
