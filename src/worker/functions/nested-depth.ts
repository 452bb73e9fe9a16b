/** Structured clone goes down on a stack that has an end, which may come sooner on the side where it arrives. */
export const DEEPEST_VALUE = 1_000

/** The value itself; throws what structured clone throws when it is nested deeper than the other side can be sure to read. */
export function notTooDeep<T>(value: T): T {
  if (typeof value === 'object' && value !== null) descend(value, 0, new Set())
  return value
}

/** For what is nested too deep. */
export function tooDeep(): DOMException {
  return new DOMException(`it is nested more than ${DEEPEST_VALUE.toLocaleString('en')} deep`, 'DataCloneError')
}

function descend(part: object, depth: number, seen: Set<object>): void {
  if (depth > DEEPEST_VALUE) throw tooDeep()
  if (seen.has(part) || ArrayBuffer.isView(part)) return
  seen.add(part)
  for (const member of membersOf(part)) {
    if (typeof member === 'object' && member !== null) descend(member, depth + 1, seen)
  }
}

function membersOf(part: object): readonly unknown[] {
  if (part instanceof Map) return [...part].flat()
  if (part instanceof Set) return [...part]
  return part instanceof Error ? [part.cause] : Object.values(part)
}
