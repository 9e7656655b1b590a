import { PassThrough, Readable } from "node:stream";
import { IMAGE } from "../../src/core/image-contract.ts";
import type { BoxPipe, HomeTask } from "../../src/ports/engine.ts";
import { inPieces } from "../support/tar.ts";
import type { World } from "./world.ts";

/** What is in the homes of a world, as tar has it; tasks on them measure, pack and unpack. */
export class Homes {
  readonly content = new Map<string, Buffer>();
  /** How tar ends, whatever it has done. */
  exit = { exitCode: 0, stderr: "" };
  /** Asked for each piece that is packed; may throw. */
  onPiece: () => void = () => undefined;
  /** Bytes that homes are said to take, if not what they do. */
  measured: number | undefined;

  constructor(world: World) {
    world.engine.task = (task) => this.#run(task);
  }

  #run({ argv, home }: HomeTask): BoxPipe {
    const stdin = new PassThrough();
    const ended = Promise.resolve(this.exit);
    const base = { stdin, stderr: Readable.from([]), ended, kill: () => undefined };
    const content = this.content.get(home) ?? Buffer.alloc(0);
    if (argv[0] === "du") {
      const size = String(this.measured ?? content.length);
      return { ...base, stdout: Readable.from([Buffer.from(`${size}\t/home/dev\n`)]) };
    }
    if (argv[0] === IMAGE.programs.unpushed) return { ...base, stdout: Readable.from([]) };
    if (argv.includes("--create")) return { ...base, stdout: Readable.from(this.#packed(content)) };
    // Whatever else looks into a home finds nothing worth telling.
    if (!argv.includes("--extract")) return { ...base, stdout: Readable.from([]) };
    const pieces: Buffer[] = [];
    const filled = new Promise<typeof this.exit>((resolve) => {
      stdin.on("data", (piece: Buffer) => pieces.push(piece));
      stdin.on("close", () => {
        resolve(this.exit);
      });
      stdin.on("end", () => {
        this.content.set(home, Buffer.concat(pieces));
        resolve(this.exit);
      });
    });
    return { ...base, stdout: Readable.from([]), ended: filled, kill: () => void stdin.destroy() };
  }

  async *#packed(content: Buffer): AsyncGenerator<Buffer> {
    for await (const piece of inPieces(content)) {
      this.onPiece();
      yield piece;
    }
  }
}
