import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { until } from '../../harness.ts'

/** Ends this process with the test, if it has not ended by then: one that fails leaves none behind, in a hot loop say. */
export function endWithTest(pid: number): number {
  onTestFinished(() => {
    if (runs(pid)) process.kill(pid, 'SIGKILL')
  })
  return pid
}

/** Whether a process runs: one that has ended but that nobody has waited for (a zombie) does not. */
export function runs(pid: number): boolean {
  try {
    if (process.platform === 'linux') return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return !execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).startsWith('Z')
  } catch {
    return false
  }
}

/** What a list of processes shows of one. */
export function commandOf(pid: number): string {
  return execFileSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' })
}

/** The processes that a process has started and that nobody has waited for yet. */
export function childrenOf(pid: number): number[] {
  if (process.platform === 'linux') {
    return (readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').match(/\d+/g) ?? []).map(Number)
  }
  const table = execFileSync('ps', ['-e', '-o', 'ppid=,pid='], { encoding: 'utf8' })
  const rows = table
    .trim()
    .split('\n')
    .map(row => row.trim().split(/\s+/).map(Number))
  return rows.filter(([parent]) => parent === pid).map(([, child]) => child as number)
}

export async function untilGone(pid: number): Promise<void> {
  await until(() => !runs(pid))
}

/** A fixture of its own in a real process, with what it says line by line. */
export function startFixture(name: string, args: readonly string[] = [], execArgv: readonly string[] = []) {
  const path = fileURLToPath(new URL(`../../fixtures/${name}.ts`, import.meta.url))
  const child = spawn(process.execPath, [...execArgv, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  if (child.pid !== undefined) endWithTest(child.pid)
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', text => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    output.stderr += text
  })
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>(resolve => {
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal }))
  })
  return { child, output, ended }
}
