import { SerializationError } from '../base/errors.ts'

/** Tells the user something, in one line on stderr. */
export function say(text: string): void {
  process.stderr.write(`taskscope: ${oneLine(text)}\n`)
}

/** Why something failed; for a module that can't be imported also where, if that can be told. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error) || error.message === '') return String(error)
  const place = error instanceof SerializationError ? placeOf(error.cause) : undefined
  return place === undefined ? error.message : `${error.message} (${place})`
}

/** The line of the user's code: at the head of a stack where it is about syntax, or else the first that is in no package. */
function placeOf(cause: unknown): string | undefined {
  const { stack = '' } = Object(cause) as { readonly stack?: string }
  const places = stack.matchAll(/^(\S+:\d+)$|^ +at (?:async )?(?:.* \()?((?:file:|[/\\]|[A-Z]:)[^()]*:\d+:\d+)\)?$/gm)
  return places.map(([, head, frame]) => head ?? frame).find(place => !/[/\\]node_modules[/\\]/.test(place ?? ''))
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}+\s*/gu, ' ').trim()
}
