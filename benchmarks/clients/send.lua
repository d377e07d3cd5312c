-- Sends the requests of a file one after the other, each behind its length in eight digits.
-- https://github.com/wg/wrk/blob/master/SCRIPTING

local requests

function init(arguments)
  requests = io.open(arguments[1], "rb")
end

function request()
  local size = requests:read(8)
  if not size then -- whoever is quicker than expected gets them once more
    requests:seek("set")
    size = requests:read(8)
  end
  return requests:read(tonumber(size))
end

function done(summary, latency)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("wrk: %d %d %d %d %d %d\n", summary.requests, summary.duration,
    errors.status, lost, latency:percentile(50), latency:percentile(99)))
end
