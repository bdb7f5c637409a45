// A real SMTP server for the tests. Says {"listening": port} first, then each message as {"to", "from", "raw"}.
// Reads one word a line: accept | refuse (450 to every message) | hang (takes the message and
// never answers) | drop (takes the message, then the line breaks before the 250). Usage: node smtp-sink.mjs FOLDER_WITH_NODE_MODULES
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import path from "node:path";

const require = createRequire(path.join(path.resolve(process.argv[2]), "index.js"));
const { SMTPServer } = require("smtp-server");

let mode = "accept";
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

const server = new SMTPServer({
  authOptional: true,
  disabledCommands: ["AUTH", "STARTTLS"],
  logger: false,
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      if (mode === "refuse") {
        done(Object.assign(new Error("try again later"), { responseCode: 450 }));
        return;
      }
      const { mailFrom, rcptTo } = session.envelope;
      say({ from: mailFrom.address, to: rcptTo.map((rcpt) => rcpt.address), raw: Buffer.concat(chunks).toString("base64") });
      if (mode === "hang") return;
      if (mode === "drop") {
        for (const connection of server.connections) connection.close();
        return;
      }
      done();
    });
  },
});
// A client that goes away is nothing to die of.
server.on("error", () => {});

createInterface({ input: process.stdin }).on("line", (line) => {
  mode = line.trim();
  say({ mode });
});
server.listen(0, "127.0.0.1", () => say({ listening: server.server.address().port }));
