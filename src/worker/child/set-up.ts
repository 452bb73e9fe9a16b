import { unpackValue } from '../functions/carry.ts'
import { type ResolvedFunction, resolveFunction } from '../functions/resolve-function.ts'
import type { SetupMessage } from '../messages/setup-message.ts'

/** Sets a worker up, inside it; resolves with its `teardown`, which is looked for before there is anything to tear down. */
export async function setUp([, init, teardown, data, number]: SetupMessage): Promise<ResolvedFunction | undefined> {
  const tearDown = teardown && (await resolveFunction(teardown))
  if (init !== undefined) await (await resolveFunction(init))(unpackValue(data), { number })
  return tearDown
}
