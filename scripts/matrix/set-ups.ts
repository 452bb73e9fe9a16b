/** One way to use the package: what is installed beside it, and what is run. A command that fails is what fails it. */
export interface SetUp {
  readonly name: string
  /** Folders of `scripts/matrix/files`, copied over each other. `programs` is there always. */
  readonly files?: readonly string[]
  /** Exact versions. */
  readonly packages?: readonly string[]
  /** Which Node runs it. @default the project's own */
  readonly node?: string
  /** Commands of the shell, one after another, in the folder of the set-up. */
  readonly run: readonly string[]
}

const NODES = ['22.23.3', '24.21.0', '26.9.0']
/** What a bundle needs beside it for threads and processes where the package is not installed. */
const ENTRIES = 'node_modules/taskscope/dist/modules/worker/child/*-entry.mjs'
const PLAYWRIGHT = 'playwright-core@1.65.1'
const DENO = 'deno run -A --node-modules-dir=manual'

/** A bundle of `page.js` that is opened in Chromium. */
function page(name: string, packages: readonly string[], build: string): SetUp {
  return {
    name: `browser-${name}`,
    files: ['page', ...(name === 'vite' || name === 'webpack' ? [name] : [])],
    packages: [PLAYWRIGHT, ...packages],
    run: [build, 'node browser.js out'],
  }
}

/** Calls through a Redis, with the peers that they need. */
function distributed(name: string, packages: readonly string[], ...run: readonly string[]): SetUp {
  return { name: `distributed-${name}`, packages: ['bullmq@6.7.0', 'ioredis@5.11.1', ...packages], run }
}

/** A bundle of all of `esm.js`, which runs where nothing is installed. */
function server(name: string, packages: readonly string[], build: string): SetUp {
  // By itself, for their URLs are written out.
  const takesEntries = name === 'webpack'
  return {
    name: `server-${name}`,
    files: name === 'vite' || name === 'webpack' ? [`server-${name}`] : [],
    packages,
    run: [
      build,
      'node out/esm.js',
      ...(takesEntries ? [] : [`cp ${ENTRIES} out`]),
      'mv node_modules gone',
      'node out/esm.js',
    ],
  }
}

export const SET_UPS: readonly SetUp[] = [
  ...NODES.flatMap((node): SetUp[] => {
    const major = node.split('.')[0]
    return [
      { name: `esm-node-${major}`, node, run: ['node esm.js', 'node tinypool.js', 'node store.js'] },
      { name: `require-node-${major}`, node, run: ['node require.cjs'] },
    ]
  }),
  { name: 'typescript-nodenext', files: ['typescript'], packages: ['typescript@6.0.3'], run: ['tsc -p nodenext.json'] },
  {
    name: 'examples',
    files: ['examples'],
    packages: [
      'typescript@6.0.3',
      '@types/node@24.19.2',
      'hono@4.13.19',
      '@opentelemetry/api@1.9.1',
      '@opentelemetry/context-async-hooks@2.12.1',
      '@opentelemetry/sdk-trace-base@2.12.1',
    ],
    run: ['node examples.js write', 'tsc -p examples.json', 'node examples.js run'],
  },
  {
    name: 'browser-unbundled',
    files: ['unbundled'],
    packages: [PLAYWRIGHT],
    run: ['node browser.js .'],
  },
  page('esbuild', ['esbuild@0.28.2'], 'esbuild page.js --bundle --format=esm --external:node:* --outfile=out/page.js'),
  {
    name: 'browser-otel',
    files: ['page', 'otel'],
    packages: [PLAYWRIGHT, 'esbuild@0.28.2', '@opentelemetry/api@1.9.1'],
    run: ['esbuild otel.js --bundle --format=esm --external:node:* --outfile=out/page.js', 'node browser.js out'],
  },
  page('rolldown', ['rolldown@1.3.3'], 'rolldown page.js --format esm --platform browser --dir out'),
  page('webpack', ['webpack@5.113.0', 'webpack-cli@7.3.1'], 'webpack'),
  page('vite', ['vite@8.4.0'], 'vite build --logLevel warn'),
  {
    name: 'workerd',
    files: ['workerd'],
    packages: ['miniflare@4.20260730.0', 'esbuild@0.28.2'],
    run: [
      'esbuild worker.js --bundle --format=esm --conditions=workerd,worker,browser --external:node:* --outdir=out',
      'node run.js',
    ],
  },
  {
    name: 'next-turbopack',
    files: ['next'],
    packages: ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1', PLAYWRIGHT],
    run: ['next build', 'bash served.sh 3170'],
  },
  {
    name: 'next-webpack',
    files: ['next'],
    packages: ['next@16.4.6', 'react@19.3.1', 'react-dom@19.3.1', PLAYWRIGHT],
    run: [
      // Next does not build edge routes with webpack: it looks for a manifest that it has not written.
      `rm -r app/edge && echo "export const routes = ['/server']" >routes.js`,
      'next build --webpack',
      'bash served.sh 3171',
    ],
  },
  { name: 'bun', packages: ['bun@1.4.5'], run: ['bun esm.js', 'bun tinypool.js', 'bun store.js'] },
  {
    name: 'deno',
    packages: ['deno@2.9.6'],
    run: [`${DENO} esm.js`, `${DENO} tinypool.js`, `${DENO} store.js`],
  },
  distributed('bun', ['bun@1.4.5'], 'bun distributed.js'),
  distributed('deno', ['deno@2.9.6'], `${DENO} distributed.js`),
  distributed(
    'esbuild',
    ['esbuild@0.28.2'],
    'esbuild distributed.js --bundle --platform=node --format=esm --external:bullmq --external:ioredis --outdir=out',
    'node out/distributed.js',
  ),
  { name: 'jest', node: '22.23.3', files: ['jest'], packages: ['jest@30.5.2'], run: ['jest'] },
  {
    name: 'typescript-5-node16',
    files: ['typescript-5'],
    packages: ['typescript@5.7.3', '@types/node@24.19.2'],
    run: ['tsc --module node16 --target es2022 --strict --types node --outDir out main.cts', 'node out/main.cjs'],
  },
  {
    name: 'typescript-5-commonjs',
    files: ['typescript-5'],
    packages: ['typescript@5.7.3', '@types/node@24.19.2'],
    run: [
      'tsc --module commonjs --target es2022 --strict --types node --outDir out main.ts',
      `echo '{ "type": "commonjs" }' >out/package.json`,
      'node out/main.js',
    ],
  },
  {
    name: 'ts-node',
    files: ['typescript-5'],
    packages: ['ts-node@10.9.2', 'typescript@5.9.3', '@types/node@24.19.2'],
    run: [`npm pkg delete type`, `ts-node -O '{ "module": "commonjs", "target": "es2022" }' main.ts`],
  },
  { name: 'tsx', files: ['typescript-5'], packages: ['tsx@4.23.15'], run: ['tsx main.ts', 'tsx main.cts'] },
  {
    name: 'swc-node',
    files: ['typescript-5'],
    packages: ['@swc-node/register@1.12.1', '@swc/core@1.16.22', 'typescript@5.9.3'],
    run: ['node --import @swc-node/register/esm-register main.ts'],
  },
  server('esbuild', ['esbuild@0.28.2'], 'esbuild esm.js --bundle --platform=node --format=esm --outdir=out'),
  server('rolldown', ['rolldown@1.3.3'], 'rolldown esm.js --format esm --platform node --dir out'),
  server('webpack', ['webpack@5.113.0', 'webpack-cli@7.3.1'], 'webpack'),
  server('vite', ['vite@8.4.0'], 'vite build --logLevel warn'),
]
