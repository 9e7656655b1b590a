import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { clock } from "../cli/compose.ts";
import { createJson, presentCreate } from "../cli/present/create.ts";
import { styleFor } from "../cli/style.ts";
import { hasCode } from "../core/errors.ts";
import { policyFor } from "../core/lifecycle/policy.ts";
import { create, type CreateInput, type CreateResult } from "../usecases/create.ts";
import type { Deps } from "../usecases/deps.ts";

export default class Create extends BaseCommand {
  static override summary = "Create a box, start it and wait until it can be used";
  static override description =
    "A box keeps its home when it is stopped, started or made again. Its name becomes its host name: lower-case letters, digits and hyphens.";
  static override examples = [
    "<%= config.bin %> create api",
    "<%= config.bin %> create api --with-syncthing",
    "<%= config.bin %> create train --cpus 4 --memory 12GiB",
    "<%= config.bin %> create api --volume devbox-api-k3f9x2ab-home",
  ];
  static override args = { name: Args.string({ required: true, description: "Name of the box" }) };
  static override flags = {
    cpus: Flags.string({ summary: "CPU cores, fractions allowed", helpValue: "N" }),
    memory: Flags.string({ summary: "Memory, with a unit", helpValue: "SIZE" }),
    image: Flags.string({ summary: "Image to use instead of the configured one; never pulled", helpValue: "IMAGE" }),
    start: Flags.boolean({ summary: "Start it (--no-start: only create it)", allowNo: true, default: true }),
    "with-syncthing": Flags.boolean({ summary: "Run Syncthing in it, ready to pair; see `syncthing`" }),
    "read-only": Flags.boolean({
      summary: "A root file system that nobody in the box can change; home, /tmp and /run as ever",
      allowNo: true,
    }),
    owner: Flags.string({ summary: "Make it somebody else's (administrators)", helpValue: "USER" }),
    volume: Flags.string({ summary: "Use a home that was kept, see `volume list`", helpValue: "VOLUME" }),
    additional: Flags.boolean({ summary: "You own boxes already and want one more" }),
    yes: Flags.boolean({ char: "y", summary: "Answer every question with yes" }),
  };

  async run() {
    const { args, flags } = await this.parse(Create);
    const deps = await this.deps(flags);
    const since = clock.monotonic();
    const result = await this.#create(deps, {
      name: args.name,
      owner: flags.owner,
      cpus: flags.cpus,
      memory: flags.memory,
      image: flags.image,
      volume: flags.volume,
      start: flags.start,
      syncthing: flags["with-syncthing"],
      readOnly: flags["read-only"],
      additional: flags.additional || flags.yes,
    });
    const policy = policyFor(deps.config, result.box.owner, undefined);
    this.print(presentCreate(styleFor(process.stdout), result, { span: clock.monotonic() - since, policy }));
    return createJson(result);
  }

  /** Asks a person who has boxes already whether they want another one; scripts are told by the error. */
  async #create(deps: Deps, input: CreateInput): Promise<CreateResult> {
    try {
      return await create(deps, input);
    } catch (error) {
      if (!hasCode(error, "NEEDS_CONFIRMATION") || !this.interactive()) throw error;
      const said = error.message.charAt(0).toUpperCase() + error.message.slice(1);
      await this.confirmed(`${said}\n  Create another one?`, false);
      return create(deps, { ...input, additional: true });
    }
  }
}
