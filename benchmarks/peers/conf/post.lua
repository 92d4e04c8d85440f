-- Posts the bodies of a file in turn; they are separated by a line of "%%".
-- Arguments: file, content type.
local bodies, at = {}, 0

function init(arguments)
   local file = assert(io.open(arguments[1], "rb"))
   for body in (file:read("*a") .. "\n%%\n"):gmatch("(.-)\n%%%%\n") do
      if #body > 0 then
         bodies[#bodies + 1] = wrk.format("POST", nil, { ["Content-Type"] = arguments[2] }, body)
      end
   end
   file:close()
   assert(#bodies > 0, "no bodies")
end

function request()
   at = at % #bodies + 1
   return bodies[at]
end
