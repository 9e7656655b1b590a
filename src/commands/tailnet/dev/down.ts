import { resolve } from "node:path";
import * as Flags from "@oclif/core/flags";
import { rememberedOf } from "../../../cli/compose/dev-tailnet.ts";
import { DevTailnetCommand } from "../../../cli/dev-tailnet-command.ts";
import { devDownJson, presentDevDown } from "../../../cli/present/dev-tailnet.ts";
import { styleFor } from "../../../cli/style.ts";
import { devicesAtStake, devTailnetDown } from "../../../usecases/dev-tailnet/down.ts";

export default class TailnetDevDown extends DevTailnetCommand {
  static override summary = "End the tailnet of your own";
  static override description =
    "Boxes run on and are back on the tailnet when it is up again. With --purge its users, keys and devices are removed; destroy the boxes that joined it first.";
  static override examples = ["<%= config.bin %> tailnet dev down", "<%= config.bin %> tailnet dev down --purge"];
  static override flags = {
    purge: Flags.boolean({ summary: "Remove what it has, for good", default: false }),
    yes: Flags.boolean({ char: "y", summary: "Do not ask", dependsOn: ["purge"] }),
  };

  async run() {
    const { flags } = await this.parse(TailnetDevDown);
    const { tailnet, progress } = await this.devDeps(flags);
    if (flags.purge && !flags.yes) await this.confirmed(await question(tailnet), false);
    const remembered = flags.purge ? await rememberedOf(tailnet.places) : undefined;
    const purge = flags.purge ? { remembered } : undefined;
    const result = await devTailnetDown({ tailnet, progress }, { purge }).finally(() => remembered?.ledger.close());
    const isNamed = resolve(process.env.DEVBOX_CONFIG ?? "") === tailnet.places.config;
    this.print(presentDevDown(styleFor(process.stdout), result, isNamed));
    return devDownJson(result);
  }
}

async function question(tailnet: Parameters<typeof devicesAtStake>[0]["tailnet"]): Promise<string> {
  const devices = await devicesAtStake({ tailnet });
  const gone = "Its users, keys and devices will be gone for good";
  if (devices === undefined) return `${gone}; it is not up, so it cannot say which boxes have joined it. Go on?`;
  if (devices.length === 0) return `${gone}; no box has joined it. Go on?`;
  return `${gone}, while these boxes are on it: ${devices.join(", ")}. Better destroy them first. Go on?`;
}
