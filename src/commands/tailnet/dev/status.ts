import { DevTailnetCommand } from "../../../cli/dev-tailnet-command.ts";
import { devStatusJson, presentDevStatus } from "../../../cli/present/dev-tailnet.ts";
import { styleFor } from "../../../cli/style.ts";
import { devTailnetStatus } from "../../../usecases/dev-tailnet/status.ts";

export default class TailnetDevStatus extends DevTailnetCommand {
  static override summary = "Show whether the tailnet of your own is up, its users and its devices";
  static override examples = ["<%= config.bin %> tailnet dev status"];

  async run() {
    const { flags } = await this.parse(TailnetDevStatus);
    const { tailnet, source } = await this.devDeps(flags);
    const status = await devTailnetStatus({ tailnet }, { configFile: source.file });
    this.print(presentDevStatus(styleFor(process.stdout), status));
    return devStatusJson(status);
  }
}
