/**
 * Shows that the tests notice mistakes: makes each one of the list in a copy of the project and expects a red suite.
 *
 *     npm run mutations                  all of them
 *     npm run mutations -- cancel        those with `cancel` in their name
 */
import { Laboratory, type Verdict } from './mutations/laboratory.ts'
import { MUTATIONS } from './mutations/list.ts'
import type { Mutation } from './mutations/mutation.ts'

const AT_A_TIME = 2

const filter = process.argv[2] ?? ''
const chosen = MUTATIONS.filter(mutation => mutation.name.includes(filter))
if (chosen.length === 0) {
  console.error(`no mutation has '${filter}' in its name`)
  process.exit(1)
}

/** `undefined`: it survived, or the trial itself went wrong. */
function killer(verdict: Verdict): string | undefined {
  if (verdict.outcome === 'failed') return verdict.test
  if (verdict.outcome === 'hung') return '(the suite hung)'
  return undefined
}

function describe({ name }: Mutation, verdict: Verdict): string {
  if (verdict.outcome === 'broken') return `BROKEN    ${name}\n          ${verdict.why}`
  const by = killer(verdict)
  return by === undefined ? `SURVIVED  ${name}` : `killed    ${name}\n          by: ${by}`
}

/** A suite that is red by itself would kill everything. */
async function expectGreen([laboratory]: readonly Laboratory[]): Promise<void> {
  const verdict = await laboratory?.test([...new Set(chosen.flatMap(mutation => mutation.tests))])
  if (verdict?.outcome !== 'passed') throw new Error('the tests fail without a mutation', { cause: verdict })
}

async function tryAll(queue: Mutation[], laboratory: Laboratory): Promise<number> {
  let alive = 0
  for (let mutation = queue.shift(); mutation !== undefined; mutation = queue.shift()) {
    const verdict = await laboratory.try(mutation)
    console.log(describe(mutation, verdict))
    if (killer(verdict) === undefined) alive++
  }
  return alive
}

const laboratories = await Promise.all(Array.from({ length: AT_A_TIME }, () => Laboratory.open()))
process.once('exit', () => {
  for (const laboratory of laboratories) laboratory.close()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

await expectGreen(laboratories)
const queue = [...chosen]
const alive = await Promise.all(laboratories.map(laboratory => tryAll(queue, laboratory)))
const total = alive.reduce((sum, one) => sum + one, 0)
console.log(`${chosen.length - total} of ${chosen.length} mutations killed`)
process.exitCode = total === 0 ? 0 : 1
