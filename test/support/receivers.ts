import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { text } from "node:stream/consumers";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";

// Real servers that notices are sent to: HTTP and SMTP, on the loopback.

/** A certificate for `localhost` that nobody vouches for, as files in a folder. */
export function selfSigned(folder: string): { readonly key: Buffer; readonly cert: Buffer } {
  const [key, cert] = [path.join(folder, "key.pem"), path.join(folder, "cert.pem")] as const;
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
  const args = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", [...args, "-keyout", key, "-out", cert, ...subject], { stdio: "ignore" });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

export interface Got {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReceiver extends AsyncDisposable {
  readonly url: string;
  readonly got: readonly Got[];
}

/** An HTTP server that keeps what it gets. @param answer says 204 when left out */
export async function httpReceiver(
  answer: (response: ServerResponse, got: Got) => void = (response) => response.writeHead(204).end(),
  tls?: { readonly key: Buffer; readonly cert: Buffer },
): Promise<HttpReceiver> {
  const got: Got[] = [];
  const server = (tls === undefined ? createServer() : createTlsServer(tls)).on("request", (request, response) => {
    void text(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const each = { method, path: url, headers, body };
      got.push(each);
      answer(response, each);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http${tls === undefined ? "" : "s"}://localhost:${port}`,
    got,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface GotMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
  readonly secure: boolean;
  readonly user: string | undefined;
}

export interface MailReceiver extends AsyncDisposable {
  readonly port: number;
  readonly got: readonly GotMail[];
}

/** A mail server that keeps what it gets. */
export async function mailReceiver(options: SMTPServerOptions = {}): Promise<MailReceiver> {
  const got: GotMail[] = [];
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS"],
    onData: (stream, session, callback) => {
      void text(stream).then((mail) => {
        const { mailFrom, rcptTo } = session.envelope;
        const from = mailFrom === false ? "" : mailFrom.address;
        const to = rcptTo.map(({ address }) => address);
        got.push({ from, to, text: mail, secure: session.secure, user: session.user as string | undefined });
        callback();
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.server.address() as AddressInfo;
  return {
    port,
    got,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
}
