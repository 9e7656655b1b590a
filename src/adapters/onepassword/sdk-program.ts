/**
 * A program of its own: reads one secret by 1Password's SDK.
 * Standard input: `{"token", "reference"}`; standard output: `{"value"}` or `{"error"}`.
 */
import { text } from "node:stream/consumers";

interface Asked {
  readonly token: string;
  readonly reference: string;
}

async function read({ token, reference }: Asked): Promise<{ value: string } | { error: string }> {
  try {
    const { createClient } = await import("@1password/sdk");
    // Signs in at once. The version is that of this use of it, for 1Password's logs.
    const client = await createClient({ auth: token, integrationName: "devbox-ctl", integrationVersion: "v1.0.0" });
    return { value: await client.secrets.resolve(reference) };
  } catch (error) {
    // Some of its errors are strings.
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const answer = await read(JSON.parse(await text(process.stdin)) as Asked);
  process.stdout.write(JSON.stringify(answer));
}

void main();
