import { BaseCommand } from "../cli/base-command.ts";
import { localFiles } from "../cli/compose.ts";
import { transfer } from "../usecases/transfer.ts";

export default class TransferCommand extends BaseCommand {
  static override hidden = true;
  static override enableJsonFlag = false;
  static override summary = "The box's side of a copy; cp asks for it";
  static override usage = "transfer NAME send|receive …";
  static override examples = ["<%= config.bin %> transfer api send -- workspace/notes.txt"];

  async run(): Promise<void> {
    const [deps, files] = await Promise.all([this.deps({ quiet: true }), localFiles()]);
    await transfer({ ...deps, files }, this.argv);
  }

  /** Standard output is the bytes; who reads the errors is a program, which shows them to a person. */
  protected override catch(error: Error): Promise<void> {
    process.stderr.write(`${JSON.stringify(this.rendered(error).json)}\n`);
    return Promise.resolve();
  }
}
