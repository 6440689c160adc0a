mock_resource "random_id" {
  defaults = { hex = "0a1b2c3d" }
}
