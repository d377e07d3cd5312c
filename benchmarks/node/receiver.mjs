// A receiver as a Node team would write it: verifies, stores the body as it came, answers.
import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { createServer } from "node:http";
import { Webhooks } from "@octokit/webhooks";
import mysql from "mysql2/promise";

const [port, database] = process.argv.slice(2);

if (cluster.isPrimary) {
  const pool = mysql.createPool(database);
  await pool.query(
    "CREATE TABLE IF NOT EXISTS raw (id BIGINT AUTO_INCREMENT PRIMARY KEY," +
      " guid VARCHAR(64) NOT NULL UNIQUE, event VARCHAR(64) NOT NULL, body LONGTEXT NOT NULL)",
  );
  await pool.end();
  for (let n = 0; n < availableParallelism(); n += 1) cluster.fork();
} else {
  const pool = mysql.createPool(database);
  const webhooks = new Webhooks({ secret: process.env.WEBHOOK_SECRET });
  const answer = (response, code, status) => {
    const body = JSON.stringify({ status });
    const length = Buffer.byteLength(body);
    const headers = { "content-type": "application/json", "content-length": length };
    response.writeHead(code, { ...headers, connection: "close" });
    response.end(body);
  };
  createServer((request, response) => {
    if (request.method === "GET") return answer(response, 200, "ok");
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", async () => {
      const body = Buffer.concat(pieces).toString("utf8");
      const signature = request.headers["x-hub-signature-256"] ?? "";
      if (!(await webhooks.verify(body, signature))) return answer(response, 401, "refused");
      JSON.parse(body);
      await pool.execute("INSERT IGNORE INTO raw (guid, event, body) VALUES (?, ?, ?)", [
        request.headers["x-github-delivery"],
        request.headers["x-github-event"],
        body,
      ]);
      answer(response, 200, "applied");
    });
  }).listen(Number(port), "127.0.0.1");
}
