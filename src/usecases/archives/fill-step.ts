import type { BoxRecord } from "../../core/box.ts";
import { DevboxError } from "../../core/errors.ts";
import { formatSize } from "../../core/size.ts";
import type { Deps } from "../deps.ts";
import { type Step, throwIfInterrupted } from "../journal.ts";
import { unpackHome } from "./home-tar.ts";

/** Fills the home of a new box with what is in an archive, before the box is there to write to it. */
export function fillStep(deps: Deps, box: BoxRecord, id: string): Step {
  return {
    name: "home",
    title: "Home restored",
    run: async () => {
      const store = await deps.archives();
      const archive = deps.ledger.archiveById(id);
      if (archive === undefined) throw new DevboxError("ARCHIVE_NOT_FOUND", `the archive ${id} was removed meanwhile.`);
      await unpackHome(deps, box, untilInterrupted(deps, store.read(id)));
      return { detail: `${formatSize(archive.contentSize)} from archive ${id}, checked` };
    },
  };
}

async function* untilInterrupted({ interrupt }: Deps, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of content) {
    throwIfInterrupted(interrupt);
    yield piece;
  }
}
