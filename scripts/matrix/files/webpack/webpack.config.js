export default {
  mode: 'production',
  entry: './page.js',
  output: { path: `${import.meta.dirname}/out`, filename: 'page.js' },
}
