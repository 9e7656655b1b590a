import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createChannels } from "../../src/adapters/notify/channels.ts";
import { readPrivateFile } from "../../src/adapters/system/private-file.ts";
import type { NotifyConfig } from "../../src/core/config/lifecycle-config.ts";
import { notifySchema } from "../../src/core/config/notify-schema.ts";
import { DevboxError } from "../../src/core/errors.ts";
import type { Message } from "../../src/ports/notifier.ts";
import { httpReceiver, mailReceiver, selfSigned } from "../support/receivers.ts";

// Channels on real receivers: an HTTP server, an SMTP server, a command.

const TOKEN = "tk_very-secret-token-0123";
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), "dbxtest-notify-"));
});
afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

const message: Message = {
  id: "ab12cd34-stop-first-1795421640000",
  ...{ kind: "stop", stage: "first", boxName: "web", owner: "alice", host: "orchestrator" },
  subject: "web is stopped on Tue 24 Nov 2026, 09:14 CET unless it is used",
  body: "Your box wëb <b>&amp; more\n\nTo keep it:\n  devbox-ctl hold web --for 3d\n",
  at: Date.UTC(2026, 10, 22, 8, 14),
  deadline: Date.UTC(2026, 10, 24, 8, 14),
  email: "alice@example.com",
};

let files = 0;
function file(text: string, mode = 0o600): string {
  files += 1;
  const name = path.join(dir, `file-${files}`);
  writeFileSync(name, text, { mode });
  return name;
}

/** The only channel of a configuration as an administrator writes it. */
const channelOf = (config: Readonly<Record<string, unknown>>) => {
  const notify = notifySchema.parse([config]) as readonly NotifyConfig[];
  return createChannels({ notify }, (name, options) => readPrivateFile(name, options))[0]!;
};
const deliver = (config: Readonly<Record<string, unknown>>, signal = new AbortController().signal): Promise<void> =>
  channelOf(config).deliver(message, signal);

/** The error of a delivery that must fail, all of it as text; no secret may be in it. */
async function failure(config: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<string> {
  try {
    await deliver(config, signal);
  } catch (error) {
    if (!(error instanceof DevboxError)) throw error;
    expect(error.code).toBe("NOTIFY_FAILED");
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("very-secret");
    return [error.message, error.why ?? "", ...error.next].join("\n");
  }
  throw new Error("it was delivered");
}

describe("a webhook", () => {
  const web = (url: string, more = {}) => ({ type: "webhook", url, timeout: 2, ...more });

  it("gets JSON, with a token from a file [X-05]", async () => {
    await using receiver = await httpReceiver();
    await deliver(web(`${receiver.url}/hook?x=1`, { tokenFile: file(`${TOKEN}\n`) }));
    expect(receiver.got).toHaveLength(1);
    const [{ method, path: at, headers, body } = receiver.got[0]!] = receiver.got;
    expect([method, at, headers.authorization]).toEqual(["POST", "/hook?x=1", `Bearer ${TOKEN}`]);
    expect(headers["content-type"]).toBe("application/json");
    expect(JSON.parse(body)).toEqual({
      ...{ version: 1, id: message.id, kind: "stop", stage: "first", box: "web", owner: "alice", host: "orchestrator" },
      ...{ subject: message.subject, body: message.body, at: "2026-11-22T08:14:00Z", deadline: "2026-11-24T08:14:00Z" },
    });
  });

  it("gets what ntfy, Slack and Matrix take [X-05]", async () => {
    await using receiver = await httpReceiver((response) => response.writeHead(200).end("ok"));
    const { url } = receiver;
    await deliver(web(`${url}/alerts`, { format: "ntfy" }));
    await deliver(web(`${url}/services/T0/B0/xyz`, { format: "slack" }));
    const room = `${url}/_matrix/client/v3/rooms/!abc:example.com`;
    await deliver(web(room, { format: "matrix", tokenFile: file(TOKEN) }));
    await deliver(web(`${room}/send/m.room.message`, { format: "matrix", tokenFile: file(TOKEN) }));
    const [ntfy, slack, matrix, again] = receiver.got;
    expect([ntfy?.method, ntfy?.path]).toEqual(["POST", "/"]);
    expect(JSON.parse(ntfy?.body ?? "")).toEqual({
      ...{ topic: "alerts", title: message.subject, message: message.body.trimEnd(), tags: ["package"], priority: 3 },
      sequence_id: message.id,
    });
    expect([slack?.method, slack?.path]).toEqual(["POST", "/services/T0/B0/xyz"]);
    const text = `*${message.subject}*\nYour box wëb &lt;b&gt;&amp;amp; more\n\nTo keep it:\n  devbox-ctl hold web --for 3d\n`;
    expect(JSON.parse(slack?.body ?? "")).toEqual({ text });
    expect([matrix?.method, matrix?.path]).toEqual([
      ...["PUT", `/_matrix/client/v3/rooms/!abc:example.com/send/m.room.message/${message.id}`],
    ]);
    expect(JSON.parse(matrix?.body ?? "")).toMatchObject({ msgtype: "m.text" });
    expect(again?.path).toBe(matrix?.path);
    expect(await failure(web(`${url}/a/b`, { format: "ntfy" }))).toContain("must end in its topic");
    expect(await failure(web(`${url}/hookshot`, { format: "matrix" }))).toContain("must lead to a room");
  });

  it("whose address is a secret is named by its host alone, whatever it answers [X-05] [SC-011]", async () => {
    const answer =
      "no such hook: /services/very-secret-path?key=very-secret-key Bearer tk_very-secret-token-0123\u001b[2J";
    await using receiver = await httpReceiver((response) => response.writeHead(404).end(answer));
    const urlFile = file(`${receiver.url}/services/very-secret-path?key=very-secret-key\n`);
    const said = await failure({ type: "webhook", urlFile, tokenFile: file(TOKEN), timeout: 2 });
    expect(said).toContain(`the webhook at ${receiver.url} did not take the notice.`);
    expect(said).toContain("404: no such hook");
    expect(said).not.toContain("\u001b");
  });

  it("that fails, hangs, answers without end or sends elsewhere is a failure in time [X-05]", async () => {
    await using broken = await httpReceiver((response) => response.writeHead(500).end("boom"));
    expect(await failure(web(broken.url))).toContain("It answered 500: boom");
    await using hanging = await httpReceiver(() => undefined);
    expect(await failure(web(hanging.url, { timeout: 1 }))).toContain("no answer within 1 s");
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 100);
    expect(await failure(web(hanging.url, { timeout: 60 }), stop.signal)).toContain("does not answer");
    await using endless = await httpReceiver((response) => {
      response.writeHead(400);
      const more = (): void => {
        while (response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      more();
    });
    expect((await failure(web(endless.url, { timeout: 10 }))).length).toBeLessThan(1000);
    await using elsewhere = await httpReceiver();
    await using moved = await httpReceiver((response) =>
      response.writeHead(307, { location: `${elsewhere.url}/taken` }).end(),
    );
    expect(await failure(web(moved.url, { tokenFile: file(TOKEN) }))).toContain("redirects are not followed");
    expect(elsewhere.got).toEqual([]);
    expect(await failure(web("http://localhost:7007/"))).toContain("ECONNREFUSED");
  });

  it("with a certificate that nobody vouches for is not spoken to [X-05]", async () => {
    await using receiver = await httpReceiver(undefined, selfSigned(dir));
    expect(await failure(web(receiver.url, { tokenFile: file(TOKEN) }))).toContain("self-signed certificate");
    expect(receiver.got).toEqual([]);
  });

  it("says without sending anything what is wrong with its files [X-05]", async () => {
    await using receiver = await httpReceiver();
    const check = (more: object) => () => channelOf(web(receiver.url, more)).check?.();
    expect(check({ tokenFile: file(TOKEN) })).not.toThrow();
    expect(check({ tokenFile: path.join(dir, "none") })).toThrow(/is not there/);
    expect(check({ tokenFile: file(TOKEN, 0o640) })).toThrow(/is not safe/);
    expect(check({ format: "ntfy" })).toThrow(/address cannot be used/);
    expect(receiver.got).toEqual([]);
  });

  it("needs files that nobody else can read, and addresses that nobody on the way can [X-05] [FR-045]", async () => {
    await using receiver = await httpReceiver();
    const open = file(TOKEN);
    chmodSync(open, 0o644);
    expect(await failure(web(receiver.url, { tokenFile: open }))).toContain("chmod 0600");
    expect(await failure(web(receiver.url, { tokenFile: path.join(dir, "none") }))).toContain("is not there");
    expect(await failure(web(receiver.url, { tokenFile: file("") }))).toContain("The file is empty");
    const two = file("very-secret\r\nX-Header: very-secret");
    expect(await failure(web(receiver.url, { tokenFile: two }))).toContain("not one line");
    const plain = { type: "webhook", urlFile: file("http://hooks.example.com/very-secret"), timeout: 2 };
    expect(await failure(plain)).toContain("must be https://");
    const withPassword = { type: "webhook", urlFile: file("https://a:very-secret@example.com/"), timeout: 2 };
    expect(await failure(withPassword)).toContain("must not have a user name or password");
    expect(receiver.got).toEqual([]);
    expect(() => channelOf(web("http://hooks.example.com/"))).toThrow(/must be https/);
  });
});

describe("e-mail", () => {
  const mail = (port: number, more = {}) => ({
    ...{ type: "email", host: "127.0.0.1", port, security: "none", from: "devbox@example.com", timeout: 5, ...more },
  });

  it("goes to the owner's address, as plain text, with the same id at every try [FR-036, X-05]", async () => {
    await using server = await mailReceiver();
    await deliver(mail(server.port));
    await deliver(mail(server.port));
    const [first, second] = server.got;
    expect(first).toMatchObject({ from: "devbox@example.com", to: ["alice@example.com"], secure: false });
    const [head = "", ...body] = (first?.text ?? "").split("\r\n\r\n");
    const headers = head.replaceAll(/\r\n\s+/g, " ").split("\r\n");
    expect(headers).toContain('From: "devbox-ctl on orchestrator" <devbox@example.com>');
    expect(headers).toContain("To: alice@example.com");
    expect(headers).toContain("Subject: [orchestrator] web is stopped on Tue 24 Nov 2026, 09:14 CET unless it is used");
    expect(headers).toContain(`Message-ID: <${message.id}.devbox-ctl@example.com>`);
    expect(headers).toContain("Date: Sun, 22 Nov 2026 08:14:00 +0000");
    expect(headers).toContain("Auto-Submitted: auto-generated");
    expect(headers.join()).toContain("text/plain; charset=utf-8");
    expect(body.join("\r\n\r\n")).toContain("devbox-ctl hold web --for 3d");
    expect(second?.text).toContain(`Message-ID: <${message.id}.devbox-ctl@example.com>`);
  });

  it("cannot be given headers or receivers by what is said [X-05]", async () => {
    await using server = await mailReceiver();
    const subject = "web\r\nBcc: eve@example.com\r\n\r\nbody";
    const evil = { ...message, subject, host: 'x"\r\nCc: eve@example.com', email: "alice@example.com" };
    await channelOf(mail(server.port)).deliver(evil, new AbortController().signal);
    expect(server.got[0]?.to).toEqual(["alice@example.com"]);
    const head = (server.got[0]?.text ?? "").split("\r\n\r\n")[0] ?? "";
    expect(head).not.toMatch(/^(Bcc|Cc):/im);
    expect(channelOf(mail(server.port)).reaches?.({ email: undefined })).toBe(false);
  });

  it("is not handed over in the clear where TLS is asked for, nor to a certificate that nobody vouches for [X-05]", async () => {
    const certificate = selfSigned(dir);
    await using plain = await mailReceiver();
    expect(await failure(mail(plain.port, { security: "starttls" }))).toMatch(/STARTTLS|upgrade|TLS/i);
    expect(await failure(mail(plain.port, { security: "tls" }))).toContain("did not take the notice");
    await using upgrading = await mailReceiver({ ...certificate, disabledCommands: [] });
    expect(await failure(mail(upgrading.port, { security: "starttls" }))).toContain("self-signed certificate");
    await using secure = await mailReceiver({ ...certificate, secure: true });
    expect(await failure(mail(secure.port, { security: "tls" }))).toContain("self-signed certificate");
    expect([plain.got, upgrading.got, secure.got]).toEqual([[], [], []]);
  });

  it("logs in with a password from a file, which is in no error [X-05] [SC-011]", async () => {
    await using server = await mailReceiver({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, callback) => {
        if (username === "devbox" && password === TOKEN) callback(null, { user: username });
        else callback(new Error(`Invalid login of ${username} with ${password ?? ""}`));
      },
    });
    const login = (text: string) => mail(server.port, { user: "devbox", passwordFile: file(text) });
    await deliver(login(`${TOKEN}\n`));
    expect(server.got[0]?.user).toBe("devbox");
    expect(await failure(login("very-secret-and-wrong"))).toContain("Invalid login");
    expect(await failure(mail(server.port))).toContain("did not take the notice");
  });

  it("that is refused, put off or left hanging is a failure in time [X-05]", async () => {
    const refusing = (code: number, text: string) =>
      mailReceiver({
        onRcptTo: (_address, _session, callback) => {
          callback(Object.assign(new Error(text), { responseCode: code }));
        },
      });
    await using unknown = await refusing(550, "no such mailbox\u001b[2J");
    const said = await failure(mail(unknown.port));
    expect(said).toContain("550 no such mailbox");
    expect(said).not.toContain("\u001b");
    await using grey = await refusing(451, "greylisted, try again later");
    expect(await failure(mail(grey.port))).toContain("451 greylisted");
    // Says a byte now and then, for ever.
    const dripping = createServer((socket) => {
      const timer = setInterval(() => socket.write("220-x\r\n"), 100);
      socket.on("close", () => {
        clearInterval(timer);
      });
      socket.on("error", () => undefined);
    });
    await once(dripping.listen(0, "127.0.0.1"), "listening");
    const { port } = dripping.address() as AddressInfo;
    const began = Date.now();
    expect(await failure(mail(port, { timeout: 1 }))).toContain("it was not done within 1 s");
    expect(Date.now() - began).toBeLessThan(3000);
    // Its end is the connection's end, or this would wait.
    dripping.close();
    await once(dripping, "close");
    expect(await failure(mail(1))).toContain("ECONNREFUSED");
  });
});

describe("a command", () => {
  const command = (script: string, more = {}) => ({
    type: "command",
    argv: ["/bin/sh", "-c", script],
    timeout: 5,
    ...more,
  });

  it("gets the notice on standard input, without a shell and without our environment [X-05]", async () => {
    process.env.OP_SERVICE_ACCOUNT_TOKEN = "ops_very-secret";
    const out = path.join(dir, "out");
    try {
      await deliver(command(`cat >${out}; env >>${out}; pwd >>${out}`));
    } finally {
      delete process.env.OP_SERVICE_ACCOUNT_TOKEN;
    }
    const [json = "", ...environment] = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(JSON.parse(json)).toMatchObject({ id: message.id, box: "web", owner: "alice", subject: message.subject });
    expect(environment.map((line) => line.replace(/=.*/, "")).sort()).toEqual(["/", "LANG", "PATH", "PWD"]);
    await deliver({ type: "command", argv: ["/bin/test", "$(false); `x`", "=", "$(false); `x`"], timeout: 5 });
    // One that does not read what it is given is as good.
    await deliver(command("exit 0"));
  });

  it("that fails, is not there or hangs is a failure in time, and is ended with all it began [X-05]", async () => {
    const said = await failure(command("echo 'no route\u001b[2J' >&2; exit 3"));
    expect(said).toContain("It ended with 3.\nno route");
    expect(said).not.toContain("\u001b");
    expect(await failure({ type: "command", argv: ["/nowhere/program"], timeout: 5 })).toContain("ENOENT");
    expect(await failure(command("kill -9 $$"))).toContain("was ended by SIGKILL");
    const mark = path.join(dir, "late");
    expect(await failure(command(`(sleep 2; touch ${mark}) & sleep 60`, { timeout: 1 }))).toContain("within 1 s");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(existsSync(mark)).toBe(false);
    const began = Date.now();
    await failure(command("yes | head -c 50000000 >&2; exit 1"));
    // What goes on in the background is not waited for.
    await deliver(command("sleep 5 & exit 0"));
    expect(Date.now() - began).toBeLessThan(4000);
  });
});

it("has names with numbers from the second of a kind on [X-05]", () => {
  const hook = { type: "webhook", url: "https://example.com/" };
  const notify = notifySchema.parse([
    ...[hook, { type: "command", argv: ["/bin/true"] }, hook, hook],
    { type: "email", host: "mail.example.com", from: "a@example.com" },
  ]) as readonly NotifyConfig[];
  const names = createChannels({ notify }, () => undefined).map(({ name }) => name);
  expect(names).toEqual(["webhook", "command", "webhook-2", "webhook-3", "email"]);
});
