export { buildReport, type ReportSources } from "./build-report.ts"
export type { Report } from "./report.ts"
export { writeReport } from "./write-report.ts"
