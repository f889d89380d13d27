import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { RunSummary } from "@diva-pipeline/core"
import { childrenOf, nameOf, processesOf } from "./processes.ts"
import { buildProgram } from "./program.ts"
import { randomFrom } from "./random.ts"
import { contentsOf, damagedIn, leftovers, runsOf } from "./store-facts.ts"

/** What dies: the scheduler by SIGKILL, one of its hosts or both together, or the scheduler is asked to end. */
const KINDS = ["scheduler", "scheduler", "host", "host", "both", "SIGTERM", "SIGINT"] as const
type Kind = (typeof KINDS)[number]

/** A campaign of kills. */
export interface Campaign {
  readonly kills: number
  readonly seed: number
  /** Called after each kill and what followed it. */
  readonly onKill?: (kills: number) => void
}

/** What a campaign came to. */
export interface CampaignResult {
  readonly kills: Readonly<Record<string, number>>
  /** Runs that were started, the killed ones and those that went on. */
  readonly runs: number
  readonly violations: ReadonlyArray<string>
}

interface Ended {
  readonly code: number | null
  readonly stderr: string
}

const documentFile = join(import.meta.dirname, "../faults/fixtures/soak.yaml")
const node = join(import.meta.dirname, "../../node_modules/.bin/node")
/** How long, in milliseconds, what a dead scheduler has started may outlive it. */
const PATIENCE = 10_000

const sleep = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** One store that is run on, killed, and run on again until a run gets through. */
class Round {
  readonly folder: string
  readonly store: string
  readonly violations: Array<string> = []
  readonly #program: string
  /** Tasks of which a journal has said that they succeeded. */
  readonly #finished = new Set<string>()
  #before: ReadonlySet<string> = new Set()
  readonly #seen = new Set<string>()

  constructor(program: string, folder: string) {
    this.#program = program
    this.folder = folder
    this.store = join(folder, "store")
    mkdirSync(folder)
  }

  start(): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
    const child = spawn(
      node,
      ["--no-warnings", this.#program, documentFile, this.store, join(this.folder, "results")],
      {
        cwd: this.folder,
        stdio: ["ignore", "ignore", "pipe"],
      },
    )
    let stderr = ""
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    const ended = new Promise<Ended>((resolve) => child.on("close", (code) => resolve({ code, stderr })))
    return { child, ended }
  }

  /** Starts a run and kills it after a while; `false` when it had ended by then. */
  async kill(kind: Kind, wait: number, choice: number): Promise<boolean> {
    const { child, ended } = this.start()
    await Promise.race([sleep(wait), ended])
    // Between two stages there may be no host yet.
    const needsHost = kind === "host" || kind === "both"
    while (needsHost && child.exitCode === null && childrenOf(child.pid ?? 0).length === 0) await sleep(10)
    const hit = child.exitCode === null && child.pid !== undefined && strike(child, child.pid, kind, choice)
    const end = await ended
    await this.#look(`after ${kind} at ${Math.round(wait)} ms`, end)
    if (hit && kind === "host" && end.code !== 0) {
      this.#violate(`a run did not get over the death of a host: code ${end.code}: ${end.stderr}`)
    }
    if (!hit && end.code !== 0) this.#violate(`a run ended by itself with code ${end.code}: ${end.stderr}`)
    return hit
  }

  /** The run that must get through. */
  async finish(): Promise<void> {
    this.#before = new Set(this.#finished)
    const end = await this.start().ended
    if (end.code !== 0) this.#violate(`the next run ended with code ${end.code}: ${end.stderr}`)
    const summary = await this.#look("after the run that got through", end)
    for (const { id, status } of summary?.tasks ?? []) {
      // One that a kill met right before the journal heard of it is found in the store as well.
      const isRight = status === "cached" || (status === "succeeded" && !this.#before.has(id))
      if (!isRight) this.#violate(`task ${id} is ${status}`)
    }
    const left = leftovers(this.store)
    if (left.length > 0) this.#violate(`left in work: ${left.join(", ")}`)
  }

  /** What the store says of a run that has just ended. */
  async #look(when: string, { stderr }: Ended): Promise<RunSummary | undefined> {
    if (/^\s+at /m.test(stderr)) this.#violate(`${when}, a stack trace: ${stderr}`)
    const deadline = Date.now() + PATIENCE
    while (processesOf(this.folder).length > 0 && Date.now() < deadline) await sleep(20)
    const orphans = processesOf(this.folder)
    if (orphans.length > 0) this.#violate(`${when}, still alive: ${orphans.map(nameOf).join("; ")}`)
    let latest: RunSummary | undefined
    for (const [name, summary] of await runsOf(this.store)) {
      if (this.#seen.has(name)) continue
      this.#seen.add(name)
      latest = summary
      for (const { id, attempts } of summary.tasks) {
        if (attempts > 0 && this.#finished.has(id))
          this.#violate(`${when}, task ${id} ran although it was finished`)
      }
      for (const { id, status } of summary.tasks) if (status === "succeeded") this.#finished.add(id)
    }
    return latest
  }

  #violate(what: string): void {
    this.violations.push(what.trim())
  }
}

/** Sends the blow; `false` when there was nothing to hit. */
const strike = (child: ChildProcess, pid: number, kind: Kind, choice: number): boolean => {
  if (kind === "SIGTERM" || kind === "SIGINT") return child.kill(kind)
  if (kind === "scheduler") return child.kill("SIGKILL")
  const hosts = childrenOf(pid)
  const host = hosts[Math.floor(choice * hosts.length)]
  if (kind === "both" && !child.kill("SIGKILL")) return false
  const hits = kind === "both" ? hosts : host === undefined ? [] : [host]
  return hits.map(killNow).some((isHit) => isHit)
}

/** Whether there was such a process to kill. */
const killNow = (pid: number): boolean => {
  try {
    return process.kill(pid, "SIGKILL")
  } catch {
    return false
  }
}

/** What a store and its results came to, in every byte. */
const outcomeOf = async (round: Round) => {
  const tasks = new Map<string, string>()
  for (const summary of (await runsOf(round.store)).values()) {
    for (const { id, outputs } of summary.tasks) {
      if (Object.keys(outputs).length > 0) tasks.set(id, JSON.stringify(outputs))
    }
  }
  return {
    tasks: Object.fromEntries([...tasks].sort()),
    results: contentsOf(join(round.folder, "results")),
    damaged: await damagedIn(
      round.store,
      [...tasks.values()].flatMap((text) => text.match(/[0-9a-f]{64}/g) ?? []),
    ),
  }
}

/** Kills runs of a pipeline of thirty tasks at random instants, and looks whether anything was lost. */
export const killCampaign = async ({ kills, seed, onKill }: Campaign): Promise<CampaignResult> => {
  const base = realpathSync(mkdtempSync(join(tmpdir(), "diva-soak-")))
  const program = await buildProgram(join(base, "program"))
  const random = randomFrom(seed)
  const violations: Array<string> = []
  const count: Record<string, number> = {}
  let done = 0
  let runs = 0
  const close = async (round: Round, expected?: string): Promise<string> => {
    const outcome = JSON.stringify(await outcomeOf(round))
    violations.push(...round.violations)
    if (expected !== undefined && outcome !== expected) violations.push(`other bytes: ${outcome}`)
    rmSync(round.folder, { recursive: true, force: true })
    return outcome
  }
  try {
    const undisturbed = new Round(program, join(base, "undisturbed"))
    const begun = performance.now()
    await undisturbed.finish()
    const duration = performance.now() - begun
    const expected = await close(undisturbed)
    while (done < kills) {
      const round = new Round(program, join(base, `${++runs}`))
      do {
        const kind = KINDS[Math.floor(random() * KINDS.length)] ?? "scheduler"
        const [moment, choice] = [random() * duration, random()]
        runs += 1
        if (await round.kill(kind, moment, choice)) {
          done += 1
          count[kind] = (count[kind] ?? 0) + 1
        }
        // Every third run after a kill is killed as well.
      } while (done < kills && random() < 1 / 3)
      await round.finish()
      await close(round, expected)
      onKill?.(done)
    }
    return { kills: count, runs, violations }
  } finally {
    rmSync(base, { recursive: true, force: true })
  }
}
