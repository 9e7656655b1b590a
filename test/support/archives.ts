import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testCli, type TestCli } from "./cli.ts";
import { testName } from "./ids.ts";
import { testImage } from "./image.ts";
import { podmanOk, removeTestObjects } from "./podman.ts";
import type { RootlessUser } from "./rootless.ts";

const MINUTE = 60_000;

/** A home with all that tar could stumble over; run as dev in the box. */
const ODD_HOME = String.raw`
set -e
cd "$HOME/workspace"
mkdir odd many; cd odd
printf a > 'with blank'; printf b > 'Grüße-日本-🦊'; printf c > "$(printf 'new\nline')"; printf d > "$(printf '\377\376')"
printf e > -- '-dash'; printf f > '%percent\back'
printf hard > one; ln one two; ln one "$HOME/three"; ln -s one soft; ln -s /nowhere dangling
truncate -s 300M holes; printf tail >> holes
mkdir -p setgid sticky; chmod 2775 setgid; chmod 1777 sticky; printf x > suid; chmod 4755 suid
mkfifo pipe
mkdir closed; printf secret > closed/file; chmod 000 closed/file closed
printf no > unreadable; chmod 000 unreadable
mkdir -p "$(printf 'deep/%.0s' $(seq 60))"
printf long > "$(printf 'n%.0s' $(seq 250))"
touch -d '1985-10-26 01:21:00.123456789 UTC' old; touch -d '2100-01-01 UTC' future
perl -e 'my ($f, $n, $v) = ("one", "user.note", "kept"); syscall(188, $f, $n, $v, 4, 0) == 0 or die "xattr: $!"'
perl -MSocket -e 'socket(my $s, PF_UNIX, SOCK_STREAM, 0); bind($s, sockaddr_un("sock")) or die'
head -c 3000000 /dev/urandom > random
cd ../many
seq 10000 | while read -r n; do printf '%s' "$n" > "file-$n"; done
rm -f "$HOME/.profile"
`;

/** Everything that can be told of a home's files, but for when they were read; run as root over its volume. */
const MANIFEST = String.raw`
cd /home/dev
find . ! -type s -printf '%p\t%y\t%m\t%U:%G\t%l\t%n\t%T@' \( -type f -printf '\t%s' -o -true \) -printf '\0' | sort -z
find . -type f -print0 | sort -z | xargs -0 sha256sum -z
perl -e 'my ($f, $a, $b) = ("workspace/odd/one", "user.note", "x" x 100); my $n = syscall(191, $f, $a, $b, 100); print "xattr ", substr($b, 0, $n), "\n"'
test "$(stat -c %b workspace/odd/holes)" -lt 2000 && echo "holes kept"
test "$(stat -c %i workspace/odd/one)" = "$(stat -c %i three)" && echo "links kept"
`;

interface Archives {
  readonly archives: readonly { readonly id: string; readonly box: string; readonly entries: number }[];
}

/**
 * A home's way into an archive and back, by the built program on real Podman; run as root and as an ordinary user.
 * @param as gives the user, or undefined for root's own Podman
 */
export function wayOfAHome(as: () => Promise<RootlessUser | undefined>): void {
  let user: RootlessUser | undefined;
  let cli: TestCli;
  let image: string;

  const ok = async (...args: string[]) => {
    const ran = await cli.run(args);
    expect(ran, args.join(" ")).toMatchObject({ exitCode: 0 });
    return ran;
  };

  beforeAll(async () => {
    user = await as();
    image = await testImage(user);
    const config = { image, limits: { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } } };
    cli = await testCli(user === undefined ? { config } : { config, user });
  });
  afterAll(async () => {
    await removeTestObjects(undefined, user);
    await cli.remove();
  });

  it(
    "comes back as it was, with all that is odd in it [X-04]",
    async () => {
      const name = testName("odd");
      await ok("create", name);
      expect(await cli.run(["exec", name, "--", "bash", "-c", ODD_HOME])).toMatchObject({ exitCode: 0, stderr: "" });
      await ok("stop", name);
      const before = await manifestOf({ name, image, cli, user });
      for (const kept of ["holes kept", "links kept", "xattr kept"]) expect(before).toContain(kept);

      const destroyed = (await cli.json(["destroy", name, "--archive", "--yes"])) as { archive: { entries: number } };
      expect(destroyed.archive.entries).toBeGreaterThan(10_080);
      expect((await ok("archive", "verify", "--all")).stdout).toContain("as it was written");
      await ok("restore", name, "--no-start");
      const after = await manifestOf({ name, image, cli, user });
      expect(sum(after), firstDifference(before, after)).toBe(sum(before));

      await ok("start", name);
      expect((await ok("exec", name, "--", "cat", "odd/one", "many/file-9999")).stdout).toBe("hard9999");
      // What was removed from the home does not come back from the image.
      expect((await cli.run(["exec", name, "--", "test", "-e", "/home/dev/.profile"])).exitCode).toBe(1);
      const { archives } = (await cli.json(["archive", "list"])) as Archives;
      expect(archives.map(({ box }) => box)).toEqual([name]);
      expect((await ok("archive", "verify", archives[0]?.id ?? "")).stdout).toContain("as it was written");
      await ok("archive", "remove", archives[0]?.id ?? "", "--yes");
      expect(((await cli.json(["archive", "list"])) as Archives).archives).toEqual([]);
      expect(await tasksOf(cli, user)).toBe("");
    },
    5 * MINUTE,
  );
}

/** Containers of tasks on homes that are left. */
export async function tasksOf(cli: TestCli, user?: RootlessUser): Promise<string> {
  const { config } = (await cli.json(["config", "show"])) as { config: { engine: { namespace: string } } };
  const filters = [`devbox-ctl.namespace=${config.engine.namespace}`, "devbox-ctl.kind=task"];
  return podmanOk(["ps", "--all", "--quiet", ...filters.flatMap((label) => ["--filter", `label=${label}`])], { user });
}

interface Home {
  readonly name: string;
  readonly image: string;
  readonly cli: TestCli;
  readonly user?: RootlessUser | undefined;
}

/** What is in the home of a box that does not run, past the program. */
export async function manifestOf({ name, image, cli, user }: Home, script = MANIFEST): Promise<string> {
  const { box } = (await cli.json(["status", name])) as { box: { homeVolume: string } };
  const label = '{{index .Labels "devbox-ctl.ids"}}';
  const ids = (await podmanOk(["volume", "inspect", "--format", label, box.homeVolume], { user })).trim();
  const maps = ["--uidmap", "--gidmap"].map((flag) => `${flag}=0:${ids}`);
  const container = testName("manifest");
  const how = [
    "--name",
    container,
    ...maps,
    "--network=none",
    "--volume",
    `${box.homeVolume}:/home/dev:ro`,
    "--entrypoint",
    "sh",
  ];
  try {
    return await podmanOk(["run", ...how, image, "-c", script], { user });
  } finally {
    await podmanOk(["rm", "--force", "--time", "0", container], { user });
  }
}

function sum(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

function firstDifference(before: string, after: string): string {
  const [a, b] = [before.split(/[\0\n]/), after.split(/[\0\n]/)];
  return (
    a
      .filter((line, at) => line !== b[at])
      .slice(0, 5)
      .join("\n") +
    "\n---\n" +
    b
      .filter((line, at) => line !== a[at])
      .slice(0, 5)
      .join("\n")
  );
}
