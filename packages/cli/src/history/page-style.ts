/** The page's look, in light and dark. */
export const PAGE_STYLE = `
:root { color-scheme: light dark; --line: #d0d7de; --quiet: #59636e; --box: #f6f8fa;
  --succeeded: #2da44e; --failed: #cf222e; --cancelled: #bf8700; --unfinished: #8250df; --cached: #59636e }
@media (prefers-color-scheme: dark) { :root { --line: #3d444d; --quiet: #9198a1; --box: #151b23;
  --succeeded: #3fb950; --failed: #f85149; --cancelled: #d29922; --unfinished: #a371f7; --cached: #9198a1 } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.6rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.2rem; margin: 1rem 0 } dt { color: var(--quiet) }
dd { margin: 0; overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100%; font-size: .9rem } th { text-align: left; color: var(--quiet); font-weight: 500 }
td, th { padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line); vertical-align: top }
td.number, th.number { text-align: right; white-space: nowrap } code, pre { font: .85em ui-monospace, monospace }
pre { background: var(--box); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem; overflow-x: auto }
.status { font-weight: 600 } .quiet { color: var(--quiet) }
.succeeded { --colour: var(--succeeded) } .failed { --colour: var(--failed) } .cancelled, .blocked { --colour: var(--cancelled) }
.unfinished, .running { --colour: var(--unfinished) } .cached { --colour: var(--cached) } .status { color: var(--colour) }
.timeline { position: relative; background: var(--box); border: 1px solid var(--line); border-radius: 6px; overflow: hidden }
.bar { position: absolute; height: 1.5rem; min-width: 2px; border-radius: 3px; box-sizing: border-box; padding: 0 .3rem;
  font-size: .75rem; line-height: 1.5rem; overflow: hidden; white-space: nowrap; text-overflow: ellipsis;
  border: 1px solid var(--colour); background: color-mix(in srgb, var(--colour) 22%, transparent) }
.axis { display: flex; justify-content: space-between; font-size: .8rem; color: var(--quiet) }
`
