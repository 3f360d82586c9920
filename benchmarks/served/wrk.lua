-- The bodies in the file KEHU_BODIES, a line each, one after the other; at the end one line of JSON.
local bodies, number = {}, 0
for line in io.lines(os.getenv("KEHU_BODIES")) do bodies[#bodies + 1] = line end

function request()
  number = number % #bodies + 1
  return wrk.format("POST", "/graphql", { ["content-type"] = "application/json" }, bodies[number])
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status
  local figures = '{"requests": %d, "seconds": %f, "p50": %f, "p99": %f, "failed": %d}\n'
  io.write(figures:format(
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed))
end
