/**
 * The examples of the pages in the package: `node examples.js write` puts each into a file of its own, to be compiled, and
 * `node examples.js run` runs those of `docs/migrate` and compares what they print with what they say they do.
 */
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect } from './core.js'

const PACKAGE = 'node_modules/taskscope'

if (process.argv[2] === 'write') {
  mkdirSync('examples')
  const pages = ['README.md', ...globSync('docs/{guide,migrate}/*.md', { cwd: PACKAGE })]
  for (const page of pages) {
    const text = readFileSync(`${PACKAGE}/${page}`, 'utf8')
    // Those of other packages are `ts before`.
    for (const [index, [, code]] of [...text.matchAll(/^```ts\n(.*?)^```$/gms)].entries())
      writeFileSync(
        `examples/${page.includes('migrate') ? 'migrate-' : ''}${basename(page, '.md')}-${index + 1}.ts`,
        code,
      )
  }
} else {
  // A server is nothing that the package brings.
  const files = readdirSync('examples').filter(name => name.startsWith('migrate-') && name.endsWith('.ts'))
  const own = files.filter(name => !readFileSync(`examples/${name}`, 'utf8').includes('redis://'))
  for (const name of own) {
    const promised = [...readFileSync(`examples/${name}`, 'utf8').matchAll(/\/\/ → (.*)$/gm)].map(
      ([, text]) => `${text}\n`,
    )
    const printed = execFileSync('node', ['--disable-warning=ExperimentalWarning', `examples/${name}`])
    expect(name, printed.toString(), promised.join(''))
  }
  console.log(`${own.length} of ${files.length} examples work`)
}
