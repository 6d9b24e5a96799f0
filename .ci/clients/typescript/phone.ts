// A staff app's day, written against nothing but the generated types: it is compiled, never run. What it cannot say without a cast, the contract does not say.
import createClient from "openapi-fetch";
import type { components, paths } from "./api";

type Problem = components["schemas"]["Problem"];
type Task = components["schemas"]["SyncItem"];
type Action = components["schemas"]["ActionsIn"]["actions"][number];
type CallbackIn = components["schemas"]["CallbackIn"];

const api = createClient<paths>({ baseUrl: "https://salon.example" });

function must<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) {
    throw new Error(`${answer.error?.code}: ${answer.error?.detail} (${answer.error?.requestId})`);
  }
  return answer.data;
}

export async function login(phone: string, password: string): Promise<string> {
  const tokens = must(await api.POST("/v1/auth/login", { body: { phone, password, device: "Pixel 9" } }));
  return tokens.accessToken;
}

export async function begin(headers: { Authorization: string }): Promise<string[]> {
  const bootstrap = must(await api.GET("/v1/staff/bootstrap", { headers }));
  return bootstrap.stores.map((store) => store.id);
}

/** Everything that changed since the cursor, until there is no more. */
export async function sync(headers: { Authorization: string }, kept: Map<string, Task>, cursor?: string): Promise<string> {
  for (;;) {
    const query = cursor === undefined ? { include: "detail" as const } : { cursor, wait: 25 };
    const page = must(await api.GET("/v1/staff/sync/tasks", { headers, params: { query } }));
    for (const task of page.items) kept.set(task.id, task);
    for (const gone of page.removed) kept.delete(gone.id);
    cursor = page.cursor;
    if (!page.hasMore) return cursor;
  }
}

export async function call(headers: { Authorization: string }, task: Task): Promise<boolean> {
  const path = { task_id: task.id };
  const moved = must(await api.POST("/v1/staff/tasks/{task_id}/start", { headers, params: { path } }));
  const page = must(await api.GET("/v1/staff/tasks/{task_id}", { headers, params: { path } }));
  const words: string | undefined = page.scripts[0]?.text;
  const phone = must(
    await api.POST("/v1/staff/customers/{customer_id}/reveal-phone", {
      headers,
      params: { path: { customer_id: page.customer.id } },
    }),
  );
  const body: CallbackIn = {
    actionId: crypto.randomUUID(),
    outcome: "callback_requested",
    occurredAt: new Date().toISOString(),
    channel: "phone",
    note: `${words ?? ""} ${phone.phone}`,
    fields: { callbackAt: "2026-03-12T15:00:00+08:00" },
  };
  const logged = must(await api.POST("/v1/staff/tasks/{task_id}/callbacks", { headers, params: { path }, body }));
  return moved.changed && logged.verdict === "applied" && !logged.suspectClock;
}

/** A photo: announced with a token, sent to its address without one. */
export async function attach(headers: { Authorization: string }, taskId: string, photo: Blob, sha256: string): Promise<string> {
  const said = must(
    await api.POST("/v1/staff/attachments", {
      headers,
      body: { taskId, kind: "photo", contentType: "image/jpeg", bytes: photo.size, sha256 },
    }),
  );
  if (said.uploadUrl !== null) await fetch(new URL(said.uploadUrl, "https://salon.example"), { method: "PUT", body: photo });
  return said.id;
}

/** A callback that waits for reception. */
export function queued(task: Task, seq: number): Action {
  return {
    kind: "log_callback",
    actionId: crypto.randomUUID(),
    occurredAt: new Date().toISOString(),
    seq,
    body: { taskId: task.id, outcome: "no_answer", channel: "phone" },
  };
}

/** What was done without reception, at most a hundred at once. */
export async function replay(headers: { Authorization: string }, queue: Action[]): Promise<(string | null)[]> {
  const answer = must(await api.POST("/v1/staff/actions", { headers, body: { actions: queue.slice(0, 100) } }));
  return answer.results.filter((result) => result.final).map((result) => result.actionId);
}
