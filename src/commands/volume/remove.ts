import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../../cli/base-command.ts";
import { quote } from "../../core/text.ts";
import { findVolume, removeVolume } from "../../usecases/volumes.ts";

export default class VolumeRemove extends BaseCommand {
  static override summary = "Remove a home volume that no box uses, and all that is in it";
  static override examples = ["<%= config.bin %> volume remove devbox-api-k3f9x2ab-home --yes"];
  static override args = { volume: Args.string({ required: true, description: "Name of the volume" }) };
  static override flags = { yes: Flags.boolean({ char: "y", summary: "Do not ask" }) };

  async run() {
    const { args, flags } = await this.parse(VolumeRemove);
    const deps = await this.deps(flags);
    const { identity } = await findVolume(deps, args.volume);
    this.about({ name: identity.name, id: identity.id, owner: identity.owner });
    await this.confirmed(`${quote(args.volume)} and all that is in it will be gone for good. Go on?`, flags.yes);
    const { name } = await removeVolume(deps, { name: args.volume });
    this.print(`  ${name} is removed.`);
    return { name, removed: true };
  }
}
