import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { testImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import { eventually, runServiceBox, testServices, type ServiceBox } from "../support/service-box.ts";

// `end-work`: what dev runs is asked to end, before a box is stopped.

interface Answer {
  readonly asked: number;
  readonly seconds: number;
  readonly left: readonly { readonly pid: number; readonly name: string }[];
}

let box: ServiceBox;
let made: Awaited<ReturnType<typeof testServices>>;

/** A program of dev's that runs on behind the call, with or without a terminal. */
async function start(script: string, tty = false): Promise<void> {
  const words = ["exec", "--detach", ...(tty ? ["--tty"] : []), "--user", "dev", "--env", "HOME=/home/dev"];
  const { exitCode, stderr } = await podman([...words, box.name, "bash", ...(tty ? ["-i", "-c"] : ["-c"]), script]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
}

const endWork = async (seconds: number): Promise<Answer> => {
  const { stdout, stderr, exitCode } = await box.asRoot(manifest.programs.endWork, String(seconds));
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return JSON.parse(stdout) as Answer;
};
const there = async (file: string): Promise<boolean> => (await box.asRoot("test", "-e", file)).exitCode === 0;
const until = (file: string) => eventually(async () => expect(await there(file)).toBe(true));

beforeAll(async () => {
  made = await testServices([{ name: "steady", start: "exec sleep 9001" }]);
  box = await runServiceBox(await testImage(), made.mounts);
});

afterAll(async () => {
  await removeTestObjects();
  await made.remove();
});

describe("end-work", () => {
  it("is at once through where nothing runs, and spares the services", async () => {
    const service = await box.pid("steady");
    const answer = await endWork(20);
    expect(answer).toMatchObject({ asked: 0, left: [] });
    expect(answer.seconds).toBeLessThan(1);
    expect(await box.pid("steady")).toBe(service);
  });

  it("gives programs time to save, and asks terminals only after them [X-02]", async () => {
    await start(`trap 'sleep 1; echo work >/tmp/saved; exit' TERM; touch /tmp/began; while :; do sleep 0.1; done`);
    // A shell at a terminal, as one that was left open: the one that holds the terminal is \`script\`.
    await start(
      `script -qc 'trap "date +%s.%N >/tmp/hung-up; exit" HUP; trap "" TERM; touch /tmp/shell; while :; do sleep 0.1; done' /dev/null`,
      true,
    );
    await until("/tmp/began");
    await until("/tmp/shell");
    const service = await box.pid("steady");
    const answer = await endWork(20);
    expect(answer.left).toEqual([]);
    expect(answer.seconds).toBeGreaterThan(0.9);
    expect(answer.seconds).toBeLessThan(6);
    expect((await box.asRoot("cat", "/tmp/saved")).stdout).toBe("work");
    const order = await box.asRoot("sh", "-c", "test /tmp/hung-up -nt /tmp/saved && echo after");
    expect(order.stdout).toBe("after");
    expect(await box.pid("steady")).toBe(service);
  });

  it("wakes what is stopped, and finds what hid from its terminal", async () => {
    await start(`setsid sh -c 'trap "touch /tmp/woken; exit" TERM; touch /tmp/asleep; kill -STOP $$; sleep 100' &`);
    await until("/tmp/asleep");
    expect((await endWork(20)).left).toEqual([]);
    expect(await there("/tmp/woken")).toBe(true);
  });

  it("never waits longer than it may, and names what is left", async () => {
    await start(`exec -a stubborn perl -e '$SIG{$_} = "IGNORE" for qw(TERM HUP); $0 = "stubborn"; sleep 100'`);
    await eventually(async () => expect((await box.asRoot("pgrep", "-u", "dev")).stdout).not.toBe(""));
    const answer = await endWork(2);
    expect(answer.seconds).toBeGreaterThanOrEqual(2);
    expect(answer.seconds).toBeLessThan(3);
    expect(answer.left.map(({ name }) => name)).toEqual(["stubborn"]);
    await box.asRoot("pkill", "-KILL", "-u", "dev");
  });

  it("is root's, and wants a number of seconds", async () => {
    for (const wrong of [[], ["0"], ["-1"], ["3601"], ["x"], ["1", "2"]]) {
      expect((await box.asRoot(manifest.programs.endWork, ...wrong)).exitCode).toBe(2);
    }
    expect((await box.asDev(manifest.programs.endWork, "5")).exitCode).toBe(2);
  });
});
