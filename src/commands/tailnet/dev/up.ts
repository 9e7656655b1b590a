import * as Flags from "@oclif/core/flags";
import { configDocument, yamlFormat } from "../../../cli/compose/config.ts";
import { DevTailnetCommand } from "../../../cli/dev-tailnet-command.ts";
import { devUpJson, presentDevUp } from "../../../cli/present/dev-tailnet.ts";
import { styleFor } from "../../../cli/style.ts";
import { devTailnetUp } from "../../../usecases/dev-tailnet/up.ts";

export default class TailnetDevUp extends DevTailnetCommand {
  static override summary = "Start a tailnet of your own on this machine, to try boxes on it";
  static override description =
    "Starts headscale with you as its user, makes keys for your boxes, and writes a configuration that uses them. It listens on this machine's own address in plain http, so it is for trying and not for a team. Doing it again mends what is missing: after a reboot, for another user, when keys are about to expire. docs/tailnet-dev.md tells the rest.";
  static override examples = [
    "<%= config.bin %> tailnet dev up",
    "<%= config.bin %> tailnet dev up --user bob",
    "<%= config.bin %> tailnet dev up --address 10.0.0.7 --port 28080",
  ];
  static override flags = {
    user: Flags.string({ summary: "A further user; may be repeated", helpValue: "NAME", multiple: true, default: [] }),
    address: Flags.string({
      summary: "Address of this machine to listen on, which boxes have to reach; else the primary one",
      helpValue: "ADDRESS",
    }),
    port: Flags.integer({ summary: "Port to listen on; else a free one, which is kept", min: 1, max: 65_535 }),
  };

  async run() {
    const { flags } = await this.parse(TailnetDevUp);
    const deps = await this.devDeps(flags);
    const { user: users, address, port } = flags;
    const document = await configDocument(deps.source);
    const result = await devTailnetUp(deps, { users, address, port, document, format: await yamlFormat() });
    this.print(presentDevUp(styleFor(process.stdout), result, flags.quiet));
    return devUpJson(result);
  }
}
