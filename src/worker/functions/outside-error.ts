import { SerializationError } from '../../base/errors.ts'

const IMPORTED = /^__(?:vi|vite_ssr)_import_\d+__$/
const IMPORT_META = /^__(?:vi|vite_ssr)_import_meta__$/
const INSERTED = /^(?:__|_ts_|cov_)/

/** What always helps with a function that can't be sent by its source. */
export const REMEDY_MODULE =
  'give `module: import.meta.url`, so that the worker imports the module that has the function'

/** How a function is called in a message. */
export function callable(name: string): string {
  return name === '' ? 'the anonymous function' : name
}

/** The error for a function that was sent by its source, and uses variables that are not part of it. */
export function outsideError(
  name: string,
  source: string,
  variables: readonly string[],
  options?: ErrorOptions,
): SerializationError {
  const needed = variables.map(variable => described(variable, source)).join(', ')
  const itself =
    name !== '' && variables.includes(name) ? `write it as \`function ${name}\` so that it can call itself; or ` : ''
  return new SerializationError(
    `${callable(name)} needs ${needed} from outside itself, but a worker gets its source alone: ${itself}pass it as an ` +
      `argument, import it inside the function with \`await import()\`, or ${REMEDY_MODULE}`,
    options,
  )
}

/** Compilers rename what a module imports: what it was called is behind the dot. */
function described(variable: string, source: string): string {
  if (IMPORTED.test(variable)) {
    const members = source.matchAll(new RegExp(`\\b${variable}\\.([\\w$]+)`, 'g'))
    const names = [...new Set([...members].map(([, member]) => `'${member}'`))]
    if (names.length > 0) return `${names.join(', ')} (imported at the top of its module)`
  }
  if (IMPORT_META.test(variable)) return "'import.meta'"
  if (variable === 'arguments') return "the 'arguments' of the function around it"
  return INSERTED.test(variable) ? `'${variable}' (put in by a compiler or bundler)` : `'${variable}'`
}
