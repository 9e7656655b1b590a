import * as Args from "@oclif/core/args";
import * as Flags from "@oclif/core/flags";
import { splitCommand } from "../../../cli/command-line.ts";
import { DevTailnetCommand } from "../../../cli/dev-tailnet-command.ts";
import { devTailnetSsh } from "../../../usecases/dev-tailnet/ssh.ts";

export default class TailnetDevSsh extends DevTailnetCommand {
  static override summary = "Go to a box over the tailnet of your own, by Tailscale SSH";
  static override description =
    "For this, the machine becomes a device of yours on that tailnet: a tailscaled in user space, which needs no rights and changes no network. It stays until `tailnet dev down`. Words after -- are a command and reach it as they are.";
  static override examples = [
    "<%= config.bin %> tailnet dev ssh demo",
    "<%= config.bin %> tailnet dev ssh demo -- uname -a",
    "<%= config.bin %> tailnet dev ssh demo --user bob   # refused: it is not his",
  ];
  static override enableJsonFlag = false;
  static override usage = "tailnet dev ssh NAME [--user NAME] [-- COMMAND…]";
  static override args = { name: Args.string({ required: true, description: "Name of the box on the tailnet" }) };
  static override flags = {
    user: Flags.string({ summary: "Whose device goes there; else yours", helpValue: "NAME" }),
  };

  async run(): Promise<void> {
    const { own, command } = splitCommand(this.argv);
    const { args, flags } = await this.parse(TailnetDevSsh, own);
    const deps = await this.devDeps({ ...flags, quiet: true });
    process.exitCode = await devTailnetSsh(deps, { name: args.name, user: flags.user, command });
  }
}
