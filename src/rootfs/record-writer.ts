/** Bytes in one piece, before the next begins. */
const PIECE_BYTES = 64 << 10;

/** Numbers, little endian, and texts of bytes (one UTF-16 unit for each), one behind the other. */
export class RecordWriter {
  #full: Buffer[] = [];
  #piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #end = 0;

  u8(value: number): void {
    const at = this.#roomFor(1);
    this.#piece.writeUInt8(value, at);
  }

  u16(value: number): void {
    const at = this.#roomFor(2);
    this.#piece.writeUInt16LE(value, at);
  }

  u32(value: number): void {
    const at = this.#roomFor(4);
    this.#piece.writeUInt32LE(value, at);
  }

  bytes(text: string): void {
    const at = this.#roomFor(text.length);
    this.#piece.write(text, at, 'latin1');
  }

  /** With its length in 16 bits. */
  text(text: string): void {
    this.u16(text.length);
    this.bytes(text);
  }

  /** True when it is worth while to `take`. */
  get isFull(): boolean {
    return this.#full.length > 0;
  }

  /** The full pieces; with `all`, what has been begun too. */
  take(all = false): Buffer[] {
    const taken = this.#full;
    this.#full = [];
    if (all && this.#end > 0) {
      taken.push(this.#piece.subarray(0, this.#end));
      this.#piece = Buffer.allocUnsafeSlow(PIECE_BYTES);
      this.#end = 0;
    }
    return taken;
  }

  /** Gives where they go. */
  #roomFor(bytes: number): number {
    if (this.#end + bytes > this.#piece.length) {
      this.#full.push(this.#piece.subarray(0, this.#end));
      this.#piece = Buffer.allocUnsafeSlow(Math.max(PIECE_BYTES, bytes));
      this.#end = 0;
    }
    const at = this.#end;
    this.#end += bytes;
    return at;
  }
}
