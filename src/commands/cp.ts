import * as Args from "@oclif/core/args";
import { BaseCommand, type BaseFlags } from "../cli/base-command.ts";
import { sideOfBoundary } from "../cli/boundary/crossing.ts";
import { crossingParts, crossingTransfers } from "../cli/compose/orchestrator.ts";
import { localFiles } from "../cli/compose.ts";
import { copyJson, presentCopy } from "../cli/present/copy.ts";
import { DevboxError } from "../core/errors.ts";
import { copy, type CopyInput, type CopyResult, copyWith, refuseLocalPaths } from "../usecases/copy.ts";

/** oclif would read standard input for an argument that is `-` or missing; here it is the data. */
const ignoreStdin = true;

export default class Cp extends BaseCommand {
  static override summary = "Copy files and directories into a box or out of it";
  static override description = [
    "One side is NAME:PATH, with PATH absolute or relative to /home/dev; nothing outside of that can be reached. - is standard input or output.",
    "It works as cp -r does: a directory that exists receives the copy under its own name, SRC/. copies the contents alone, links in directories stay links. Permissions are kept except set-user-id, set-group-id and sticky.",
    "A link that you name is followed; a link below a directory that is added to is replaced. A file appears under its name when all of it has come; so does a new directory.",
  ].join("\n\n");
  static override examples = [
    "<%= config.bin %> cp notes.txt api:workspace/",
    "<%= config.bin %> cp api:workspace/out ./out",
    "pg_dump shop | <%= config.bin %> cp - api:workspace/shop.sql",
    "<%= config.bin %> cp api:workspace/shop.sql - | less",
    "<%= config.bin %> cp -- -odd-name api:",
  ];
  static override args = {
    src: Args.string({ required: true, ignoreStdin, description: "What to copy: NAME:PATH, a local path, or -" }),
    dst: Args.string({ required: true, ignoreStdin, description: "Where to: NAME:PATH, a local path, or -" }),
  };

  async run() {
    const { args, flags } = await this.parse(Cp);
    const toStdout = args.dst === "-";
    if (toStdout && this.jsonEnabled()) {
      throw new DevboxError("USAGE", "--json and - as target do not go together.", {
        why: "Standard output can hold the file or the result, not both.",
        next: ["Leave out --json, or copy to a file"],
      });
    }
    const quiet = flags.quiet || toStdout;
    const result = await this.copied({ ...flags, quiet }, { from: args.src, to: args.dst });
    if (!quiet) this.print(presentCopy(result));
    return copyJson(result);
  }

  private async copied(flags: BaseFlags, input: CopyInput): Promise<CopyResult> {
    const files = await localFiles();
    const side = sideOfBoundary();
    if (side?.side === "caller") {
      const [progress, interrupt] = this.watch(flags);
      const transfers = await crossingTransfers(side.boundary);
      return copyWith({ ...crossingParts, progress, interrupt, files, transfers }, input);
    }
    const deps = await this.deps(flags);
    if (side !== undefined && side.caller.via !== "account") refuseLocalPaths(input);
    return copy({ ...deps, files }, input);
  }
}
