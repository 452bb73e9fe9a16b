export const routes = ['/edge', '/server']
